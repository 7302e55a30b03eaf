"""The command line as JSON: commands, options and exit statuses."""

from __future__ import annotations

import io
import json
import sys
import tomllib
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, get_args, get_origin
from unittest.mock import patch

from eventsourcing.persistence import MapperDeserialisationError, PersistenceError
from typer.main import get_command

from tests import ROOT
from tests.architecture.program import (
    ANSWER_IS_NO,
    DONE,
    PROGRAM_FAILED,
    WRONG_USE,
    LedgerError,
    StoreError,
    errors_to_exit_status,
    main,
    program,
    registry,
    subclasses,
)

Json = dict[str, Any]


def command_line() -> Json:
    """Every command with its arguments and options, without help sentences; and the names of the programs."""
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    return {"programs": sorted(scripts), "commands": dict(_commands(get_command(program), ""))}


def _commands(command: Any, path: str) -> Iterator[tuple[str, Json]]:
    parameters = [(one, _parameter(one)) for one in command.params]
    rendered = {
        "hidden": command.hidden,
        "is group": hasattr(command, "commands"),
        "arguments": [shown for one, shown in parameters if one.param_type_name == "argument"],
        "options": {", ".join(one.opts): shown for one, shown in parameters if one.param_type_name == "option"},
    }
    yield path or "(program)", rendered
    for name, one in getattr(command, "commands", {}).items():
        yield from _commands(one, f"{path} {name}".strip())


def _parameter(parameter: Any) -> Json:
    kind, default = parameter.type_descriptor.annotation, parameter.default
    return {
        "name": parameter.name,
        "type": _type_name(kind),
        "default": default if isinstance(default, str | int | float | None) else str(default),
        "flags": [*parameter.opts, *parameter.secondary_opts],
        "minimum": parameter.min,
        "maximum": parameter.max,
        "values": parameter.nargs,
        "metavar": parameter.metavar,
        "environment": parameter.envvar,
        **{
            name: bool(getattr(parameter, name, False))
            for name in ("required", "multiple", "is_flag", "hidden", "count")
        },
    }


def _type_name(kind: Any) -> Any:
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    # By the name alone: the module in which Python keeps a class depends on its version.
    inner = ", ".join(str(_type_name(one)) for one in get_args(kind))
    return f"{kind.__name__}[{inner}]" if inner else kind.__name__


def exit_statuses() -> Json:
    """The exit statuses, real runs that end with each of them, and the status of each error."""
    constants = {"done": DONE, "the answer is no": ANSWER_IS_NO, "wrong use": WRONG_USE, "our fault": PROGRAM_FAILED}
    case = {"case_id": "C-1", "as_of": "2026-04-28", "facts": {}}
    with TemporaryDirectory() as folder:
        lines = Path(folder) / "cases.jsonl"
        lines.write_text(json.dumps(case | {"expected": {"recommendation": "approve"}}))
        wrong = Path(folder) / "wrong.jsonl"
        wrong.write_text(json.dumps(case | {"unknown_key": 1}))
        missing = f"sqlite:///{folder}/missing.sqlite"
        runs = {
            "--help": status_of("--help"),
            "no command": status_of(),
            "explain 1.A": status_of("explain", "1.A"),
            "explain with an unknown citation": status_of("explain", "9.Z"),
            "explain with an unknown edition": status_of("explain", "1.A", "--edition", "1999-01-01"),
            "explain with an unknown option": status_of("explain", "--no-such-option"),
            "an unknown command": status_of("no-such-command"),
            "assess": status_of("assess", str(lines)),
            "assess without its argument": status_of("assess"),
            "assess --check with another answer than expected": status_of("assess", "--check", str(lines)),
            "assess with a line that is refused": status_of("assess", str(wrong)),
            "eligibility without a ledger": status_of("eligibility", "M-1", "--database", missing),
            "import --schema": status_of("import", "--schema"),
        }
    kinds = {name: kind for name, kind in subclasses(LedgerError).items() if kind is not LedgerError}
    errors: dict[str, BaseException] = {name: kind("a cause", remedy="a remedy") for name, kind in kinds.items()}
    errors |= {
        "StoreError": StoreError("a cause", "a remedy"),
        "PersistenceError": PersistenceError(),
        "MapperDeserialisationError": MapperDeserialisationError(),
        "KeyboardInterrupt": KeyboardInterrupt(),
        "any other exception": RuntimeError(),
    }
    return {
        "constants": constants,
        "runs": runs,
        "errors": {name: _status_of_error(error, plain=False) for name, error in errors.items() if name in kinds},
        "errors in a command that uses a ledger": {
            name: _status_of_error(error, plain=True) for name, error in errors.items()
        },
    }


def status_of(*arguments: str) -> Any:
    """Run the program in this process and return its exit status."""
    out, err = (io.TextIOWrapper(io.BytesIO()) for _ in range(2))
    with patch.object(sys, "argv", ["lemtrada-ledger", *arguments]), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as ended:
            return ended.code
    return "did not exit"


def _status_of_error(error: BaseException, *, plain: bool) -> Any:
    """Return the exit status of a command that fails with this error."""
    # In place of `explain`, which was run before, so that its module does not add it again.
    with patch.object(registry, "registered_commands", []), patch.object(registry, "registered_groups", []):

        @registry.command("explain")
        def fails() -> None:
            if not plain:
                raise error
            with errors_to_exit_status():
                raise error

        return status_of("explain")
