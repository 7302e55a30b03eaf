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
