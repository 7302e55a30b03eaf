"""The commands `assess` and `explain`, which use the policy only and open no ledger."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from api.cli.options import AsJson
from api.cli.output import print_error, print_result
from api.cli.program import ANSWER_IS_NO, DONE, WRONG_USE, app
from api.cli.progress import LineProgress
from api.cli.tables import show_text
from api.text.clause import explain, outline_lines, outline_values
from domain.errors import InvalidCommand
from domain.facts import counted
from domain.policy.editions import EDITIONS, edition_named


@app.command("assess")
def assess_command(
    file: Annotated[
        str, typer.Argument(metavar="FILE.jsonl", help="File with one case on each line; - reads standard input.")
    ],
    full: Annotated[
        bool, typer.Option("--full", help="Add the sentence, facts, and readings of each finding.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Print each difference from `expected`. Exit status 1 if there is any.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="No effect: this command always prints JSON.")] = False,
) -> None:
    """Assess cases from a file, without a ledger.

    Example: lemtrada-ledger assess cases.jsonl --full
    """
    from api.files.assess_lines import Refused, answers  # noqa: PLC0415  (slow to import, and `explain` does not need it)

    del as_json
    compared = differing = refused = 0
    with open_input(file) as lines, LineProgress() as progress:
        for answer in answers(lines, full=full, check=check):
            progress.advance()
            if isinstance(answer, Refused):
                refused += 1
                progress.print_line(str(answer), sys.stderr)
                continue
            progress.print_line(answer.to_line(), sys.stdout)
            compared += answer.differences is not None
            differing += bool(answer.differences)
            for difference in answer.differences or ():
                progress.print_line(f"{answer}: {difference}", sys.stderr)
    if check:
        print_error(f"{compared - differing} of {counted(compared, 'line')} with an expected answer match")
    raise typer.Exit(WRONG_USE if refused else ANSWER_IS_NO if differing else DONE)


@app.command("explain")
def explain_command(
    citation: Annotated[
        str | None, typer.Argument(help="Clause, for example 1.A.iii.d(3). Default: the outline.")
    ] = None,
    edition: Annotated[
        str | None, typer.Option(metavar="DATE", help="Review date of a policy version. Default: the newest.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Explain a clause of the policy, or print the outline.

    Example: lemtrada-ledger explain 1.B.iv
    """
    chosen = EDITIONS[0] if edition is None else edition_named(edition)
    if citation is not None:
        explained = explain(citation, chosen)
        if as_json:
            print_result(explained.to_json_value())
        else:
            show_text(explained.lines())
    elif as_json:
        print_result(outline_values(chosen))
    else:
        show_text(outline_lines(chosen))


@contextlib.contextmanager
def open_input(file: str) -> Iterator[BinaryIO]:
    """The bytes of a file, or of standard input for `-`. Raises InvalidCommand if the file cannot be opened."""
    if file == "-":
        yield sys.stdin.buffer
        return
    with contextlib.ExitStack() as stack:
        try:
            opened = stack.enter_context(Path(file).open("rb"))
        except OSError as error:
            remedy = "name a file that you may read, or - for standard input"
            raise InvalidCommand(f"the file cannot be read: {error.strerror}", field=file, remedy=remedy) from None
        yield opened
