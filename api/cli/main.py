"""The entry point of `lemtrada-ledger`: runs a command and turns a failure into one line and an exit status.

Errors are one line on standard error: the cause, the place, what to do.
"""

from __future__ import annotations

import os
import sys
import traceback

from typer.exceptions import TyperException

from api.cli.output import complain
from api.cli.program import ANSWER_IS_NO, DONE, OUR_FAULT, WRONG_USE, app
from domain.errors import LedgerError


def main() -> None:
    """The entry point: runs a verb and turns what went wrong into one line and an exit status."""
    try:
        status = app(standalone_mode=False)
        sys.stdout.flush()
    except TyperException as error:
        context = getattr(error, "ctx", None)
        place = context.command_path if context is not None else app.info.name
        complain(f"{' '.join(error.format_message().split()).rstrip('.')} ({place}): see `{place} --help`")
        status = WRONG_USE
    except LedgerError as error:
        complain(str(error))
        status = WRONG_USE
    except BrokenPipeError:
        # Whoever read our output has gone; the interpreter must not complain about it again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = ANSWER_IS_NO
    except Exception as error:
        # Our own fault: neither an answer nor wrong use. Its text may quote a patient's data; its place does not.
        place = traceback.extract_tb(error.__traceback__)[-1]
        complain(f"the program failed: {type(error).__name__} ({place.filename}:{place.lineno}): nothing was half done")
        status = OUR_FAULT
    sys.exit(status if isinstance(status, int) else DONE)
