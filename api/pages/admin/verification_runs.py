"""Verification of the live ledger from a page: one run at a time in this process, its progress, and its report."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from domain.errors import Conflict, InvalidCommand, NotFound
from domain.ledger.application import Ledger
from domain.ledger.verification.check_bytes import Signed, read_signed
from domain.ledger.verification.ledger_source import LedgerSource
from domain.ledger.verification.report import VerificationReport
from domain.ledger.verification.verify import verify
from domain.seal.errors import SealError
from domain.seal.notes import VerifyingKey, read_verifying_key

RUNS_MAX: Final = 20
"""The number of runs that are kept, in memory only, because a report describes the ledger at one time."""


@dataclass
class VerificationRun:
    """One verification. `report` is None until it ends. `broke_off` is the type of the error that ended it early."""

    id: UUID
    started_at: datetime
    by: str
    what: str = "beginning"
    done: int = 0
    total: int = 0
    report: VerificationReport | None = None
    broke_off: str | None = None

    @property
    def goes_on(self) -> bool:
        return self.report is None and self.broke_off is None


@dataclass
class Runs:
    """The verifications of one process."""

    runs: dict[UUID, VerificationRun] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, ledger: Ledger, by: str, key: VerifyingKey | None, given: list[Signed]) -> VerificationRun:
        """Starts a verification in a thread, with an independent key and checkpoints if they are given.

        Raises Conflict while another verification runs.
        """
        with self.lock:
            if any(other.goes_on for other in self.runs.values()):
                raise Conflict("the ledger is being verified", field="run", remedy="look at the run that goes on")
            run = VerificationRun(uuid4(), ledger.now(), by)
            self.runs[run.id] = run
            for old in list(self.runs)[:-RUNS_MAX]:
                del self.runs[old]
        threading.Thread(target=_verify, args=(run, ledger, key, given), name="verifying", daemon=True).start()
        return run

    def named(self, run_id: UUID) -> VerificationRun:
        """The run with this ID. Raises NotFound."""
        run = self.runs.get(run_id)
        if run is None:
            raise NotFound("no such run", field="run", remedy="start one; runs are forgotten when the program ends")
        return run


def _verify(run: VerificationRun, ledger: Ledger, key: VerifyingKey | None, given: list[Signed]) -> None:
    """Verifies the ledger, and sets the progress and the report of the run."""

    def progress(what: str, done: int, total: int) -> None:
        run.what, run.done, run.total = what, done, total

    try:
        run.report = verify(LedgerSource(ledger), key=key, given=given, progress=progress)
    except Exception as error:
        run.broke_off = type(error).__name__


def key_given(text: str | None) -> VerifyingKey | None:
    """The verifying key in a field of the form. Raises InvalidCommand."""
    if text is None:
        return None
    try:
        return read_verifying_key(text)
    except SealError as error:
        raise InvalidCommand(
            f"this is no verifying key: {error.what}", field="vkey", remedy="paste the vkey as it was handed out"
        ) from None


def checkpoint_given(text: str | None) -> list[Signed]:
    """The checkpoint in a field of the form, as a list of none or one. Raises InvalidCommand.

    A form sends line ends as CRLF. A signed note has LF.
    """
    if text is None:
        return []
    content = text.replace("\r\n", "\n").strip("\n") + "\n"
    try:
        return [read_signed(content.encode(), "the checkpoint given", is_given=True)]
    except SealError as error:
        raise InvalidCommand(
            f"this is no checkpoint: {error.what}", field="checkpoint", remedy="paste the whole note, as published"
        ) from None
