"""`demo`: fills an empty ledger with synthetic patients that show every situation.

Nothing here writes to the store: every patient is made by the commands that anybody would
give, with the ledger's clock set to the moment of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from api.demo import long_stories
from api.demo import stories as situations
from api.demo.people import REVIEWER, SHOWN_AROUND, STAFF, SyntheticPatient
from api.demo.stories import Situation
from api.demo.story_builder import Story, Turn
from domain.commands.patient import OpenHistory
from domain.events.base import NOBODY
from domain.ledger.application import Ledger, open_ledger
from domain.ledger.errors import StoreError
from domain.ledger.reader import Clock, utc_now

__all__ = ["REVIEWER", "SHOWN_AROUND", "SITUATIONS", "STAFF", "ZONE", "DemoPatient", "Situation", "fill"]

SITUATIONS: Final[tuple[Situation, ...]] = (*situations.SITUATIONS, *long_stories.SITUATIONS)

ZONE: Final = "America/New_York"
"""The time zone of a demo ledger that is given none."""

StepsDone = Callable[[int, int], None]
"""Told how many steps are done, and of how many."""


@dataclass(frozen=True, slots=True)
class DemoPatient:
    """One patient of the demo, by member id, and what she shows."""

    member_id: str
    situation: str
    shows: str

    def to_json_value(self) -> dict[str, str]:
        return asdict(self)


class StoryClock:
    """The ledger's clock while stories are told: it stands where the story is."""

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
    progress: StepsDone | None = None,
) -> tuple[DemoPatient, ...]:
    """Fills the empty ledger at `url`; raises StoreError where it is not empty.

    `zone` is for a ledger that is made here. More patients than situations repeat them with
    other people and other days.
    """
    now = clock()
    told = StoryClock(now)
    with open_ledger(url, zone=zone, clock=told) as ledger:
        if next(ledger.patients(), None) is not None:
            raise StoreError(
                f"{ledger.address} already contains patients, and the demo can be added only to an empty ledger",
                "give the URL of another ledger with --database, for example sqlite:///demo.sqlite",
            )
        stories = [_story(number, now, ledger) for number in range(patients)]
        _tell(ledger, told, stories, progress)
    return tuple(
        DemoPatient(story.person.member.member_id, situation.name, situation.shows)
        for story, situation in zip(stories, _situations(), strict=False)
    )


def _situations() -> Iterator[Situation]:
    while True:
        yield from SITUATIONS


def _story(number: int, now: datetime, ledger: Ledger) -> Story:
    round_, place = divmod(number, len(SITUATIONS))
    return SITUATIONS[place].tell(Story(SyntheticPatient(number + 1, round_), now, ledger.zone))


def _tell(ledger: Ledger, clock: StoryClock, stories: list[Story], progress: StepsDone | None) -> None:
    """All stories at once, in the order of time; each begins with the opening of its history."""
    steps = [(step, number) for number, story in enumerate(stories) for step in story.steps]
    steps.sort(key=lambda one: one[0].at)
    patients: dict[int, UUID] = {}
    for done, (step, number) in enumerate(steps, start=1):
        clock.at = step.at
        command = step.command(Turn(ledger, patients.get(number, NOBODY), step.at))
        if isinstance(command, OpenHistory):
            opened = ledger.open_history(command, step.actor, imported_from=step.imported_from)
            patients[number] = opened.patient_id
        else:
            ledger.execute(patients[number], command, step.actor, imported_from=step.imported_from)
        if progress is not None:
            progress(done, len(steps))
