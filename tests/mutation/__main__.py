"""Changes the program at random points, one at a time, and finds out whether a test fails.

    python -m tests.mutation --seed 1 --changes 60 [--json]
    python -m tests.mutation --again .mutation/seed-1.json

The exit status is 1 if a change is alive, and 2 if a test fails without any change. See the README in this folder.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Final, NoReturn

from tests import ROOT
from tests.mutation.campaign import Key, Outcome, all_changes, drawn, outcomes, write
from tests.mutation.changes import Change
from tests.mutation.equivalents import equivalents
from tests.mutation.trials import RedWithoutChange, copied

OPTIONS: Final = ("-n0", "-ptests.mutation.no_shrinking", "--hypothesis-profile=no-shrinking")
DONE: Final = ("killed", "equivalent")


def main() -> int:
    arguments = _arguments()
    results: Path = arguments.results or ROOT / ".mutation" / f"seed-{arguments.seed}.json"
    signal.signal(signal.SIGTERM, _ended)
    changes = _chosen(arguments)
    listed = {one.key: one for one in equivalents()}
    options = (*OPTIONS, *(f"--deselect={one}" for one in arguments.leave_out))
    found: dict[Key, Outcome] = {}
    try:
        with copied(ROOT, options) as copy:
            for one in outcomes(changes, copy, listed):
                found[one.change.key] = one
                print(_line(one, len(found), len(changes)), file=sys.stderr, flush=True)
                write(results, arguments.seed, found.values(), len(changes))
    except RedWithoutChange as red:
        print(f"{red} fails without any change. Fix it first, or leave it out: --leave-out {red}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"Ended. Results so far: {results}", file=sys.stderr)
        return 130
    if arguments.json:
        print(results.read_text(encoding="utf-8"), end="")
    counts = Counter(one.verdict for one in found.values())
    summary = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
    print(f"{len(found)} changes: {summary}. Results: {results}", file=sys.stderr)
    return 0 if set(counts) <= set(DONE) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=(__doc__ or "").partition("\n")[0])
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--seed", type=int, help="draws the changes; the same seed draws the same from the same code")
    which.add_argument("--again", type=Path, metavar="FILE", help="tries what is alive in these results once more")
    parser.add_argument("--changes", type=int, default=60, help="how many changes (default: 60)")
    parser.add_argument("--only", action="append", default=[], metavar="PATH", help="only modules that begin with this")
    parser.add_argument("--leave-out", action="append", default=[], metavar="TEST", help="a test that is not run")
    parser.add_argument("--results", type=Path, help="where the results are written (default: .mutation/seed-N.json)")
    parser.add_argument("--json", action="store_true", help="prints the results as JSON")
    arguments = parser.parse_args()
    if arguments.again is not None and arguments.results is None:
        arguments.results = arguments.again.with_name(f"{arguments.again.stem}-again.json")
    return arguments


def _chosen(arguments: argparse.Namespace) -> list[Change]:
    changes = all_changes(ROOT)
    if arguments.again is not None:
        known = json.loads(arguments.again.read_text(encoding="utf-8"))["changes"]
        names = ("module", "function", "original", "changed", "occurrence")
        alive = {tuple(one[name] for name in names) for one in known if one["verdict"] not in DONE}
        changes = [one for one in changes if one.key in alive]
        for gone in sorted(alive - {one.key for one in changes}):
            print(f"no longer in the code: {gone}", file=sys.stderr)
        return changes
    paths = tuple(arguments.only)
    return drawn([one for one in changes if one.module.startswith(paths or "")], arguments.seed, arguments.changes)


def _line(one: Outcome, number: int, of: int) -> str:
    change = one.change
    where = f"{change.module}:{change.line} {change.function}"
    return f"[{number:3}/{of}] {one.verdict:14} {one.seconds:5.1f}s {where}: {change.original} -> {change.changed}" + (
        f" ({one.by})" if one.by is not None else ""
    )


def _ended(*_: object) -> NoReturn:
    """Ends as an interrupt does: the tests that run are ended, and the copy is removed."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    raise SystemExit(main())
