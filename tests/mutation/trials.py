"""A copy of the checkout, in which one change after another is applied and tested.

The checkout itself is only read, so a run can be killed at any time: a temporary folder is all that stays.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import cache_from_source
from pathlib import Path
from typing import Final

from tests.mutation.changes import Change

_LEFT_OUT: Final = shutil.ignore_patterns(".git", ".venv", ".uv", ".browser", "node_modules", "__pycache__", ".*_cache")
_FAILED: Final = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)
_PASSED, _FAILED_STATUS, _INTERRUPTED = 0, 1, 2
SECONDS_MIN: Final = 60
"""A round of tests has at least this long, and five times as long as without a change."""


class RedWithoutChange(Exception):
    """Tests that fail without any change can't tell whether a change is found."""


@dataclass(frozen=True, slots=True)
class Round:
    """Tests that are run together, as arguments of pytest. A `quick` round takes seconds."""

    arguments: tuple[str, ...]
    is_quick: bool = False


@dataclass(frozen=True, slots=True)
class Killed:
    """The first test that failed, or why none was reported."""

    by: str


@dataclass
class Copy:
    """A copy of the checkout. `seconds` is how long each round took without a change."""

    folder: Path
    options: tuple[str, ...]
    seconds_min: float = SECONDS_MIN
    seconds: dict[Round, float] = field(default_factory=dict)

    def killed(self, change: Change, rounds: tuple[Round, ...]) -> Killed | None:
        """Applies the change and runs the rounds until a test fails. None: all passed.

        Raises RedWithoutChange if a round fails without the change.
        """
        path = self.folder / change.module
        source = path.read_text(encoding="utf-8")
        try:
            for one in rounds:
                if one not in self.seconds:
                    self._write(path, source)
                    self._run_without_change(one)
                self._write(path, change.applied(source))
                if (found := self._run(one, max(self.seconds_min, 5 * self.seconds[one]))) is not None:
                    return found
        finally:
            self._write(path, source)
        return None

    def _run_without_change(self, tests: Round) -> None:
        start = time.monotonic()
        if (failed := self._run(tests, None)) is not None:
            raise RedWithoutChange(failed.by)
        self.seconds[tests] = time.monotonic() - start

    @staticmethod
    def _write(path: Path, source: str) -> None:
        """Writes a module. Bytecode of the module before may have the same size and second, so it is removed."""
        path.write_text(source, encoding="utf-8")
        Path(cache_from_source(str(path))).unlink(missing_ok=True)

    def _run(self, tests: Round, seconds_max: float | None) -> Killed | None:
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-rfE", "--tb=no", "-p", "no:cacheprovider"]
        # First on the path is the copy, and not the checkout that the environment has installed.
        environment = {**os.environ, "PYTHONPATH": str(self.folder)}
        # Some machines tell Python to write no bytecode, so that each round would compile the program.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        with subprocess.Popen(
            [*command, *self.options, *tests.arguments],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                printed, _ = process.communicate(timeout=seconds_max)
            except subprocess.TimeoutExpired:
                return Killed(f"no end after {seconds_max:.0f} seconds")
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        if process.returncode == _PASSED:
            return None
        first = _FAILED.search(printed)
        if first is not None and process.returncode in (_FAILED_STATUS, _INTERRUPTED):
            return Killed(first.group(1))
        raise RuntimeError(f"the tests ended with status {process.returncode}:\n{printed[-3000:]}")


@contextmanager
def copied(checkout: Path, options: tuple[str, ...], seconds_min: float = SECONDS_MIN) -> Iterator[Copy]:
    """A copy of a checkout, which is removed in the end. Its tests run with these options of pytest."""
    with tempfile.TemporaryDirectory(prefix="lemtrada-mutation-", ignore_cleanup_errors=True) as folder:
        copy = Path(folder) / "checkout"
        shutil.copytree(checkout, copy, ignore=_LEFT_OUT)
        yield Copy(copy, options, seconds_min)
