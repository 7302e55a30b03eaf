"""Fills an empty ledger with synthetic patients that show every situation.

Nothing here writes to the store directly. Every patient is recorded by ordinary commands, with the ledger's clock set
to the time of each command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from api.demo import long_stories
from api.demo import stories as situations
from api.demo.people import REVIEWER, STAFF, USERS_WITH_LINKS, SyntheticPatient
from api.demo.stories import Situation
from api.demo.story_builder import StepContext, Story
from domain.commands.patient import OpenHistory
from domain.events.base import NO_PATIENT_ID
from domain.ledger.application import Ledger, open_ledger
from domain.ledger.errors import StoreError
from domain.ledger.reader import Clock, utc_now

__all__ = ["REVIEWER", "SITUATIONS", "STAFF", "USERS_WITH_LINKS", "ZONE", "DemoPatient", "Situation", "fill"]

SITUATIONS: Final[tuple[Situation, ...]] = (*situations.SITUATIONS, *long_stories.SITUATIONS)

ZONE: Final = "America/New_York"
"""The time zone of a demo ledger if no other time zone is given."""

StepProgress = Callable[[int, int], None]
"""Called with the number of steps done, and the number of all steps."""


@dataclass(frozen=True, slots=True)
class DemoPatient:
    """One patient of the demo: the member ID, the situation, and a sentence that says what the patient shows."""

    member_id: str
    situation: str
    shows: str

    def to_json_value(self) -> dict[str, str]:
        return asdict(self)


class StoryClock:
    """The ledger's clock while stories are recorded. It is set to the time of each step."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def fill(
    url: str,
    *,
    patients: int = len(SITUATIONS),
    zone: str | None = None,
    clock: Clock = utc_now,
    progress: StepProgress | None = None,
) -> tuple[DemoPatient, ...]:
    """Fills the empty ledger at `url`, and returns its patients. Raises StoreError if the ledger is not empty.

    `zone` is the time zone of a ledger that this function creates. If there are more patients than situations, the
    situations repeat with other people and other days.
    """
    now = clock()
    story_clock = StoryClock(now)
    with open_ledger(url, zone=zone, clock=story_clock) as ledger:
        if next(ledger.patients(), None) is not None:
            raise StoreError(
                f"{ledger.address} already contains patients, and the demo can be added only to an empty ledger",
                "give the URL of another ledger with --database, for example sqlite:///demo.sqlite",
            )
        stories = [_story(number, now, ledger) for number in range(patients)]
        _record(ledger, story_clock, stories, progress)
    return tuple(
        DemoPatient(story.person.member.member_id, situation.name, situation.shows)
        for story, situation in zip(stories, _situations(), strict=False)
    )


def _situations() -> Iterator[Situation]:
    """All situations in order, again and again without end."""
    while True:
        yield from SITUATIONS


def _story(number: int, now: datetime, ledger: Ledger) -> Story:
    round_, index = divmod(number, len(SITUATIONS))
    return SITUATIONS[index].add_steps(Story(SyntheticPatient(number + 1, round_), now, ledger.zone))


def _record(ledger: Ledger, clock: StoryClock, stories: list[Story], progress: StepProgress | None) -> None:
    """Records the steps of all stories in the order of time. The first step of each story opens its history."""
    steps = [(step, number) for number, story in enumerate(stories) for step in story.steps]
    steps.sort(key=lambda numbered: numbered[0].at)
    patients: dict[int, UUID] = {}
    for done, (step, number) in enumerate(steps, start=1):
        clock.at = step.at
        command = step.command(StepContext(ledger, patients.get(number, NO_PATIENT_ID), step.at))
        if isinstance(command, OpenHistory):
            opened = ledger.open_history(command, step.actor, imported_from=step.imported_from)
            patients[number] = opened.patient_id
        else:
            ledger.execute(patients[number], command, step.actor, imported_from=step.imported_from)
        if progress is not None:
            progress(done, len(steps))
