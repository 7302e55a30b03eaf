"""The program `lemtrada-ledger`, which imports a command when it is used, and its exit statuses.

Exit status 0 is done, 1 is "the answer is no", 2 is wrong use, 70 is a failure of the program.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command_from_info, get_group_from_info

from api.cli.commands import MODULE_OF, SECTIONS

DONE: Final = 0
ANSWER_IS_NO: Final = 1
WRONG_USE: Final = 2
OUR_FAULT: Final = 70


class Commands(MutableMapping[str, Any]):
    """The commands by name. Reading one imports its module, which adds it to the program."""

    def __init__(self) -> None:
        self._imported: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._imported:
            import_module(f"api.cli.{MODULE_OF[name]}")
            self._imported[name] = _built(name)
        return self._imported[name]

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


def _built(name: str) -> Any:
    for one in app.registered_commands:
        if one.name == name:
            return get_command_from_info(one, pretty_exceptions_short=True, rich_markup_mode=None)
    (group,) = (one for one in app.registered_groups if one.name == name)
    return get_group_from_info(group, pretty_exceptions_short=True, suggest_commands=True, rich_markup_mode=None)


class Program(TyperGroup):
    """Lists its commands by section, from their summaries alone."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = Commands()

    def list_commands(self, ctx: Any) -> list[str]:
        del ctx
        return list(self.commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        del ctx
        width = max(map(len, self.commands))
        for title, listed in SECTIONS:
            with formatter.section(title):
                formatter.write_dl([(f"{one.name:<{width}}", one.summary) for one in listed])


app = typer.Typer(
    name="lemtrada-ledger",
    help="A record of every prior authorization for Lemtrada. The program recommends; a person decides.",
    cls=Program,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def _print_version(is_asked: bool) -> None:
    if is_asked:
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
