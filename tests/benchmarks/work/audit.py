"""The audit trail of a long history: beside the fold of the same events, and by event as the history grows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from domain.events import PatientEvent
from domain.history import fold
from domain.ledger.application import Ledger, open_ledger
from projections.audit_trail import ENVELOPE, audit_trail
from tests.benchmarks.long_lives import years_with_a_course
from tests.benchmarks.measuring import microseconds, rounds, timed
from tests.benchmarks.patients import ZONE
from tests.benchmarks.ratios import Figure, Goal, figure, paired

PAGE: Final = 50
GROWTH: Final = Goal(1.5, at_most=True)


def trails(years: int, times: int, number: int) -> Iterator[Figure]:
    """`years` is how long the shorter history is; the longer one is so many `times` as long."""
    few, many = years_with_a_course(years), years_with_a_course(years * times)
    last, patient_id = len(many) - PAGE, many[0].patient_id

    def floor() -> None:
        """What no trail can do without: every version of the history, and every event as JSON values."""
        fold(many)
        for event in many:
            event.model_dump(mode="json", exclude=ENVELOPE)

    with _stored(many) as ledger:

        def page() -> None:
            """As the API reads it from the store, with the history before it in the cache."""
            before = ledger.history(patient_id, through_version=last)
            audit_trail(ledger.events.between(patient_id, last + 1, len(many)), before)

        taken = rounds(
            {
                "few": lambda: timed(lambda: audit_trail(few), len(few)),
                "many": lambda: timed(lambda: audit_trail(many), len(many)),
                "floor": lambda: timed(floor, len(many)),
                "page": lambda: timed(page),
                "fold": lambda: timed(lambda: fold(many)),
            },
            number,
        )
    times_of = {name: microseconds(seconds) for name, seconds in taken.items()}
    growth = {"ours_us": times_of["many"], "floor_us": times_of["few"]}
    work = f"audit trail by event, {len(many):,} events against {len(few):,}"
    yield figure(work, paired(taken["many"], taken["few"]), GROWTH, **growth)
    of_whole = {"ours_us": times_of["many"], "floor_us": times_of["floor"]}
    work = f"audit trail by event, {len(many):,} events, beside their fold and JSON"
    yield figure(work, paired(taken["floor"], taken["many"]), None, **of_whole)
    of_page = {"ours_us": times_of["page"], "floor_us": times_of["fold"]}
    work = f"the last {PAGE} entries of {len(many):,}, beside the fold"
    yield figure(work, paired(taken["fold"], taken["page"]), None, **of_page)


@contextmanager
def _stored(events: Sequence[PatientEvent]) -> Iterator[Ledger]:
    """A ledger in a file that has these events of one patient."""
    with (
        TemporaryDirectory() as folder,
        open_ledger(f"sqlite:///{Path(folder) / 'life.db'}", zone=ZONE) as ledger,
    ):
        ledger.recorder.insert_events([ledger.mapper.to_stored_event(event) for event in events])
        yield ledger
