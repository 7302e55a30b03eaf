"""Every situation of the demo shows what it says it shows, on whatever day it is told and on both stores."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from api.demo import SITUATIONS, ZONE, DemoPatient, fill
from api.demo.people import LAST_NAMES
from domain.events.patient import HistoryOpened, Member
from domain.events.requests import RequestSubmitted
from domain.events.treatment import DoseAdministered
from domain.history import fold
from domain.ledger.application import Ledger, open_ledger
from domain.ledger.errors import StoreError
from domain.policy.editions import EDITIONS
from projections.courses import course_list
from projections.eligibility import eligibility
from projections.request_status import request_status
from tests.api.cli.demo_claims import CLAIMS, Seen
from tests.clock import Clock

HERE: Final = ZoneInfo(ZONE)
DAYS: Final = {
    "a minute after midnight": "2027-01-01T05:01:00+00:00",
    "the last minute of a month": "2026-12-01T04:59:00+00:00",
    "29 February": "2028-02-29T15:00:00+00:00",
    "the night of a clock change, years on": "2034-03-12T08:30:00+00:00",
}


# -- the tests --------------------------------------------------------------------------------


def see(ledger: Ledger, shown: DemoPatient) -> Seen:
    patient_id = ledger.find(Member(member_id=shown.member_id))
    assert patient_id is not None
    events = ledger.events(patient_id)
    history = fold(events)
    assert history is not None
    lives = tuple(request_status(history, one, ledger.zone, ledger.now()) for one in history.requests)
    return Seen(events, history, eligibility(history, ledger.today()), course_list(history, ledger.today()), lives)


@pytest.fixture(scope="module", params=list(DAYS.values()), ids=list(DAYS))
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Seen]]:
    """The demo of one day, by the names of the situations, as the ledger shows it afterwards."""
    url = f"sqlite:///{tmp_path_factory.mktemp('demo') / 'demo.sqlite'}"
    clock = Clock(datetime.fromisoformat(request.param))
    shown = fill(url, zone=ZONE, clock=clock)
    with open_ledger(url, clock=clock) as ledger:
        yield {one.situation: see(ledger, one) for one in shown}


def test_every_situation_has_a_claim_and_a_sentence() -> None:
    assert [one.name for one in SITUATIONS] == list(CLAIMS)
    assert all(one.shows.endswith(".") for one in SITUATIONS)


@pytest.mark.parametrize("situation", CLAIMS)
def test_a_situation_shows_what_it_claims_on_any_day(told: dict[str, Seen], situation: str) -> None:
    CLAIMS[situation](told[situation])


def test_nothing_is_recorded_in_the_future_and_nothing_before_it_happened(told: dict[str, Seen]) -> None:
    for name, seen in told.items():
        for event in seen.events:
            recorded_on = event.recorded_at.astimezone(HERE).date()
            assert recorded_on <= seen.today, name
            if isinstance(event, DoseAdministered):
                assert event.on <= recorded_on, name
            if isinstance(event, RequestSubmitted):
                assert event.received_at <= event.recorded_at, name
                assert event.received_on >= EDITIONS[-1].review_date, name


def test_many_people_act_and_all_are_plainly_invented(told: dict[str, Seen]) -> None:
    events = [event for seen in told.values() for event in seen.events]
    roles = {(event.actor.role, event.actor.credential) for event in events}
    assert roles >= {
        ("requester", "none"),
        ("reviewer", "nurse"),
        ("clinician", "pharmacist"),
        ("clinician", "physician"),
        ("service", "none"),
        ("appeals_clinician", "physician"),
    }
    names = [event.name for event in events if isinstance(event, HistoryOpened)]
    # One of them is there twice, under two numbers.
    assert len(set(names)) == len(SITUATIONS) - 1
    assert all(name.rsplit(" ", 1)[-1] in LAST_NAMES for name in names)


def test_the_demo_shows_the_same_on_both_stores(ledger_url: str, clock: Clock) -> None:
    shown = fill(ledger_url, clock=clock)
    with open_ledger(ledger_url, clock=clock) as ledger:
        for one in shown:
            CLAIMS[one.situation](see(ledger, one))


def test_the_log_is_in_the_order_of_time(sqlite_url: str, clock: Clock) -> None:
    fill(sqlite_url, clock=clock)
    with open_ledger(sqlite_url, clock=clock) as ledger:
        openings = [ledger.events(patient)[0].recorded_at for patient in ledger.patients()]
    assert openings == sorted(openings)
    assert openings[-1] - openings[0] > timedelta(days=300)


def test_more_patients_repeat_the_situations_with_other_people_and_other_days(sqlite_url: str, clock: Clock) -> None:
    count = 2 * len(SITUATIONS) + 1
    seen_steps = []
    shown = fill(sqlite_url, patients=count, clock=clock, progress=lambda done, total: seen_steps.append((done, total)))
    assert len({one.member_id for one in shown}) == count
    assert seen_steps[-1][0] == seen_steps[-1][1] == len(seen_steps)
    with open_ledger(sqlite_url, clock=clock) as ledger:
        seen = [(one, see(ledger, one)) for one in shown]
    for one, patient in seen:
        CLAIMS[one.situation](patient)
    waiting = [patient for one, patient in seen if one.situation == "completed_and_waiting"]
    assert len({str(patient.answer.last_dose_on) for patient in waiting}) == 2
    assert len({str(patient.history.birth_date) for patient in waiting}) == 2


def test_fewer_patients_are_the_first_situations(sqlite_url: str, clock: Clock) -> None:
    assert [one.situation for one in fill(sqlite_url, patients=2, clock=clock)] == [one.name for one in SITUATIONS[:2]]


def test_a_ledger_that_holds_anything_is_refused_and_left_as_it_was(ledger_url: str, clock: Clock) -> None:
    fill(ledger_url, patients=1, clock=clock)
    with pytest.raises(StoreError, match="already contains patients"):
        fill(ledger_url, clock=clock)
    with open_ledger(ledger_url) as ledger:
        assert len(list(ledger.patients())) == 1
