"""The registry that the commands of `lemtrada-ledger` add themselves to, and the exit statuses of the program.

Exit status 0 means done, 1 means that the answer is no, 2 means wrong use, and 70 means a failure of the program.
"""

from __future__ import annotations

from typing import Final

import typer

DONE: Final = 0
ANSWER_IS_NO: Final = 1
WRONG_USE: Final = 2
PROGRAM_FAILED: Final = 70

app = typer.Typer(rich_markup_mode=None)
"""The commands that were imported so far. `main` builds the program from them."""


class CommandFailed(Exception):
    """A command failed: the cause with its place, and the remedy. `main` prints both in one line.

    `outcome` says what became of a change that was under way, if it is not what the table of outcomes says.
    """

    def __init__(self, cause: str, remedy: str, *, status: int = WRONG_USE, outcome: str | None = None) -> None:
        super().__init__(cause)
        self.cause = cause
        self.remedy = remedy
        self.status = status
        self.outcome = outcome
