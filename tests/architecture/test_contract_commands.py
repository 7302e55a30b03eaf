"""The contract of the command line does not change: commands, arguments, options and exit statuses."""

from __future__ import annotations

from tests.architecture.contract import check


def test_every_command_has_its_published_arguments_and_options() -> None:
    """Names, flags, types, defaults, limits and environment variables. Help sentences may be improved."""
    check("command-line")


def test_every_exit_status_is_the_published_one() -> None:
    """The constants, real runs that end with each of them, and the status of each error."""
    check("exit-statuses")
