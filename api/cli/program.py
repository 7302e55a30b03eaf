"""The program `lemtrada-ledger` that the commands add themselves to, and its exit statuses.

Exit status 0 is done, 1 is "the answer is no", 2 is wrong use, 70 is a failure of the program.
"""

from __future__ import annotations

from typing import Annotated, Final

import typer

DONE: Final = 0
ANSWER_IS_NO: Final = 1
WRONG_USE: Final = 2
OUR_FAULT: Final = 70

app = typer.Typer(
    name="lemtrada-ledger",
    help="A record of every prior authorization for Lemtrada. The program recommends; a person decides.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def _commands() -> None:
    """Keeps every verb a verb, also while there are few."""
