"""The files entered and the calls made for four jobs: submit, approve, eligibility, and the request page.

    python -m tests.architecture.calls [--json] [--details]

Each job is an HTTP request to the application in this process, over a new SQLite ledger. Each is done for another
patient first, and then measured (warm). Only calls of functions in `domain/`, `projections/`, and `api/` count, in
whatever thread they run; the next step of a generator or coroutine counts as a call, as `sys.setprofile` reports it.
The exit status is 1 if a target is missed. `--details` prints the files that each job enters and its most frequent
functions.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal
from unittest.mock import patch

from api.app import Application
from api.identity import identity
from domain.ledger.accounts import people
from domain.ledger.application import open_ledger
from domain.ledger.schema import upgrade
from tests.api.callers import client_of
from tests.api.pages.desk import Desk
from tests.api.routes.commands.acts import Api
from tests.architecture.calls.counts import Figures, Profile
from tests.clock import Clock
from tests.conftest import NOON, ZONE, seeded
from tests.story import NURSE

Job = Literal["submit", "approve", "eligibility", "request page"]
Measure = Literal["files", "calls", "decisions"]
TOP: Final = 40


@dataclass(frozen=True)
class Target:
    """`at_issue` is the figure when the target was set; a test holds the figure to at most `held`."""

    job: Job
    measure: Measure
    at_most: int
    at_issue: int
    held: int


TARGETS: Final = (
    Target("submit", "files", 35, at_issue=48, held=35),
    Target("request page", "calls", 5_327 // 2, at_issue=5_327, held=5_327 // 2),
    Target("request page", "decisions", 0, at_issue=18, held=0),
)
"""When a figure falls, lower what is held to it; a target that is met has `held` equal to `at_most`."""


def measured() -> dict[Job, Figures]:
    """Every job, done for one patient and then measured for another."""
    profile = Profile()
    with ExitStack() as opened:
        folder = opened.enter_context(TemporaryDirectory())
        opened.enter_context(profile.installed())
        url = f"sqlite:///{folder}/ledger.sqlite"
        upgrade(url, zone=ZONE, entropy=seeded(0))
        clock = Clock(NOON)
        ledger = opened.enter_context(open_ledger(url, clock=clock, entropy=seeded(1)))
        client = opened.enter_context(client_of(ledger))
        assert isinstance(client.app, Application)
        # The tokens of a caller are the caller's own: they are made before anything is counted.
        client.header_of = cache(client.header_of)
        api, desk = Api(client, ledger), Desk(client.app, NURSE)
        # Otherwise one request in every second also reads who may sign in, and the figures differ from run to run.
        for module in (people, identity):
            opened.enter_context(patch.object(module, "SECONDS_OLD_MAX", float("inf")))
        _done(api, desk, 1, profile)
        return _done(api, desk, 2, profile)


def _done(api: Api, desk: Desk, number: int, profile: Profile) -> dict[Job, Figures]:
    """All jobs for one patient. A request that is approvable is submitted, opened as a page, and approved."""
    patient = api.opened(f"M-{number}")
    seen: dict[str, Any] = {}

    def submit() -> None:
        seen.update(api.submitted(patient))

    def page() -> None:
        shown = desk.opens(f"/pages/requests/{seen['request']['request_id']}")
        assert shown.has_form("approve"), shown.text

    def approve() -> None:
        assert api.decided("approve", seen).status_code == 200

    def eligibility() -> None:
        assert api.eligibility(patient)["approval"] is not None

    jobs: dict[Job, Callable[[], None]] = {
        "submit": submit,
        "request page": page,
        "approve": approve,
        "eligibility": eligibility,
    }
    return {job: profile.of(work) for job, work in jobs.items()}


def figure_of(target: Target, found: dict[Job, Figures]) -> int:
    value: int = getattr(found[target.job], target.measure)
    return value


def missed(found: dict[Job, Figures]) -> list[Target]:
    return [one for one in TARGETS if figure_of(one, found) > one.at_most]


def _printed(found: dict[Job, Figures], *, details: bool) -> Iterator[str]:
    for job, of_job in found.items():
        yield f"{job:14}{of_job.files:6} files{of_job.calls:8} calls{of_job.decisions:5} decisions"
        if details:
            yield from _listed("calls by file", of_job.by_file)
            yield from _listed(f"calls by function, the first {TOP}", of_job.by_function, TOP)
            yield from _listed(f"calls of a function and inside it, the first {TOP}", of_job.inside, TOP)
    for one in TARGETS:
        value = figure_of(one, found)
        verdict = "met" if value <= one.at_most else "missed"
        yield f"{one.job}, {one.measure}: {value}, target at most {one.at_most} (was {one.at_issue}): {verdict}"


def _listed(title: str, counts: dict[str, int], at_most: int | None = None) -> Iterator[str]:
    yield f"  {title}:"
    yield from (f"    {count:6}  {name}" for name, count in list(counts.items())[:at_most])


def _as_json(found: dict[Job, Figures], *, details: bool) -> dict[str, Any]:
    jobs: dict[str, dict[str, Any]] = {}
    for job, of_job in found.items():
        jobs[job] = {"files": of_job.files, "calls": of_job.calls, "decisions": of_job.decisions}
        if details:
            jobs[job] |= {"by_file": of_job.by_file, "by_function": of_job.by_function, "inside": of_job.inside}
    targets = [
        {"job": one.job, "measure": one.measure, "at_most": one.at_most, "figure": figure_of(one, found)}
        for one in TARGETS
    ]
    return {"jobs": jobs, "targets": targets}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.architecture.calls")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--details", action="store_true", help="print files and the most frequent functions")
    chosen = parser.parse_args(arguments)
    found = measured()
    if chosen.json:
        print(json.dumps(_as_json(found, details=chosen.details), indent=2))
    else:
        print("\n".join(_printed(found, details=chosen.details)))
    return 1 if missed(found) else 0


if __name__ == "__main__":
    sys.exit(main())
