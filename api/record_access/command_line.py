"""Access to records from the command line: the viewer is the machine's user.

There is no sign-in on a command line: anyone who can open the database may read it. The name that the machine gives
its user is recorded, with no role, and with the purpose that the user states.
"""

from __future__ import annotations

import getpass
import platform
import re
from typing import Final, get_args

from api.record_access.patient_access import PatientAccess
from api.record_access.viewer import Viewer
from domain.errors import InvalidCommand
from domain.ledger.access_log.writer import AccessLog
from domain.ledger.reader import LedgerReader
from domain.permissions.disclosure import MachineUser, Purpose, Through

_NOT_IN_AN_ID: Final = re.compile(r"[^A-Za-z0-9._@-]")


class CommandLineAccess(PatientAccess):
    """Access for one command of the command line. Use it in a `with`, which closes the ledger at the end."""

    def __init__(self, ledger: LedgerReader, purpose: str | None, through: Through = "command line") -> None:
        self._own_log = AccessLog(ledger)
        origin = platform.node() or "unknown"
        super().__init__(ledger, Viewer(machine_user(), checked_purpose(purpose), through, origin), self._own_log)

    def __enter__(self) -> CommandLineAccess:
        return self

    def __exit__(self, *_: object) -> None:
        self._own_log.close()
        self.ledger.close()


def machine_user() -> MachineUser:
    """The user of the machine. In the id, characters that an id cannot have become hyphens."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = "unknown"
    name = "".join(filter(str.isprintable, name)).strip()[:90] or "unknown"
    return MachineUser(id=f"os:{_NOT_IN_AN_ID.sub('-', name)}", name=name)


def checked_purpose(text: str | None) -> Purpose | None:
    """The purpose of use of a text in any case. Raises InvalidCommand if the text is not a known HL7 code."""
    if text is None:
        return None
    codes: tuple[Purpose, ...] = get_args(Purpose)
    for code in codes:
        if code == text.upper():
            return code
    raise InvalidCommand("this is no purpose of use", field="--purpose", remedy=f"give one of {', '.join(codes)}")
