"""The entry point of `lemtrada-ledger`, which imports a command when it is used, and runs it.

A failure becomes one line on standard error (the cause, the place, what to do) and an exit status. A call without a
command prints the help, and its exit status is that of wrong use.
"""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException
from typer.main import get_command_from_info, get_group_from_info

from api.cli import program
from api.cli.commands import MODULE_OF, OUTCOME_OF_FAILURE, SECTIONS
from api.cli.output import print_error, print_failure
from api.cli.program import ANSWER_IS_NO, DONE, PROGRAM_FAILED, WRONG_USE, CommandFailed
from domain.errors import LedgerError


class Commands(MutableMapping[str, Any]):
    """The commands by name. Reading a command imports its module, which adds the command to `program.app`."""

    def __init__(self) -> None:
        self._imported: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._imported:
            import_module(f"api.cli.{MODULE_OF[name]}")
            self._imported[name] = _build(name)
        return self._imported[name]

    def get(self, name: str, default: Any = None) -> Any:
        # KeyError is not caught here, because the import of a command's module may raise it too.
        return self[name] if name in MODULE_OF else default

    def __setitem__(self, name: str, command: Any) -> None:
        self._imported[name] = command

    def __delitem__(self, name: str) -> None:
        del self._imported[name]

    def __iter__(self) -> Iterator[str]:
        return iter(MODULE_OF)

    def __len__(self) -> int:
        return len(MODULE_OF)

    def __contains__(self, name: object) -> bool:
        return name in MODULE_OF


def _build(name: str) -> Any:
    """The Click command, or group of commands, that was registered under this name."""
    for registered in program.app.registered_commands:
        if registered.name == name:
            command = get_command_from_info(registered, pretty_exceptions_short=True, rich_markup_mode=None)
            return _reporting_failures(command, name)
    (group,) = (registered for registered in program.app.registered_groups if registered.name == name)
    built = get_group_from_info(group, pretty_exceptions_short=True, suggest_commands=True, rich_markup_mode=None)
    for under, command in built.commands.items():
        _reporting_failures(command, f"{name} {under}")
    return built


def _reporting_failures(command: Any, words: str) -> Any:
    """The command, which prints its failure as one line, and exits with the failure's status.

    `words` are the words by which the user calls the command. A command that writes says what became of its changes.
    """
    run = command.callback

    def run_and_report(**values: Any) -> Any:
        try:
            return run(**values)
        except LedgerError as error:
            failure = CommandFailed(error.cause_and_place, error.remedy)
        except CommandFailed as failed:
            failure = failed
        outcome = OUTCOME_OF_FAILURE.get(words)
        print_failure(failure.cause, failure.remedy, (failure.outcome or outcome) if outcome is not None else None)
        raise typer.Exit(failure.status)

    command.callback = run_and_report
    return command


class Program(TyperGroup):
    """The program. It lists its commands by section from `SECTIONS`, without importing them."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = Commands()

    def list_commands(self, ctx: Any) -> list[str]:
        del ctx
        return list(self.commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        del ctx
        width = max(map(len, self.commands))
        for title, entries in SECTIONS:
            with formatter.section(title):
                formatter.write_dl([(f"{entry.name:<{width}}", entry.summary) for entry in entries])


app = typer.Typer(
    name="lemtrada-ledger",
    help="A record of every prior authorization for Lemtrada. The program recommends; a person decides.",
    cls=Program,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(is_requested: bool) -> None:
    if is_requested:
        from importlib.metadata import version  # noqa: PLC0415  (slow to import, and only this option needs it)

        typer.echo(f"lemtrada-ledger {version('lemtrada-ledger')}")
        raise typer.Exit(DONE)


@app.callback(invoke_without_command=True)
def _program(
    context: typer.Context,
    show_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    del show_version
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(WRONG_USE)


def main() -> None:
    """Runs a command, prints a failure as one line, and ends the process with the exit status."""
    try:
        status = app(standalone_mode=False)
        sys.stdout.flush()
    except TyperException as error:
        context = getattr(error, "ctx", None)
        place = context.command_path if context is not None else str(app.info.name)
        cause = f"{' '.join(error.format_message().split()).rstrip('.')} ({place})"
        print_failure(cause, f"see `{place} --help`", OUTCOME_OF_FAILURE.get(place.partition(" ")[2]))
        status = WRONG_USE
    except BrokenPipeError:
        # The reader of the output closed the pipe. Without this, the interpreter would report it again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = ANSWER_IS_NO
    except Exception as error:
        # This is an error of the program. Only its type and place are printed, because its text may quote patient data.
        place = traceback.extract_tb(error.__traceback__)[-1]
        print_error(
            f"the program failed: {type(error).__name__} ({place.filename}:{place.lineno}):"
            " a change was saved completely or not at all; report this error"
        )
        status = PROGRAM_FAILED
    # Otherwise the interpreter would search all modules for garbage when it ends: a fifth of the time of a question.
    gc.freeze()
    sys.exit(status if isinstance(status, int) else DONE)
