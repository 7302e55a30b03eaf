"""Every situation of the demo shows what it says it shows, on whatever day it is told and on both stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from api.demo import SITUATIONS, ZONE, Shown, fill
from api.demo.people import LAST_NAMES
from domain.calendar import PartialDate
from domain.events import DoseAdministered, Event, HistoryOpened, Member, RequestSubmitted
from domain.history import PatientHistory, Request, fold
from domain.ledger.application import Ledger, open_ledger
from domain.ledger.errors import StoreError
from domain.policy.editions import EDITIONS
from projections.courses import Courses, course_list
from projections.eligibility import Approvable, Eligibility, eligibility
from projections.request_life import RequestLife, request_life
from tests.clock import Clock

HERE: Final = ZoneInfo(ZONE)
DAYS: Final = {
    "a minute after midnight": "2027-01-01T05:01:00+00:00",
    "the last minute of a month": "2026-12-01T04:59:00+00:00",
    "29 February": "2028-02-29T15:00:00+00:00",
    "the night of a clock change, years on": "2034-03-12T08:30:00+00:00",
}


@dataclass(frozen=True)
class Seen:
    """One patient of the demo, as the projections show her on the demo's day."""

    events: tuple[Event, ...]
    history: PatientHistory
    answer: Eligibility
    courses: Courses
    lives: tuple[RequestLife, ...]

    @property
    def today(self) -> date:
        return self.answer.as_of

    @property
    def judged(self) -> Approvable:
        assert self.answer.approvable is not None
        return self.answer.approvable

    @property
    def request(self) -> Request:
        return self.history.requests[-1]

    @property
    def life(self) -> RequestLife:
        return self.lives[-1]

    def course(self) -> tuple[str | None, int | None, str | None, int | None]:
        """Path, and of the course to be given: its number, whether it is begun, doses given."""
        answer = self.answer
        return answer.path, answer.course_number, answer.course_status, answer.doses_given

    def needed(self) -> list[str]:
        return [one.clause for one in self.judged.still_needed]

    def kinds(self) -> list[str]:
        return [event.TOPIC for event in self.events]


CLAIMS: Final[dict[str, Callable[[Seen], None]]] = {}


def claim(check: Callable[[Seen], None]) -> Callable[[Seen], None]:
    CLAIMS[check.__name__] = check
    return check


@claim
def pending_a_document(seen: Seen) -> None:
    assert seen.course() == ("A", 1, "not_begun", 0)
    assert seen.request.status == "open"
    assert seen.judged.recommendation == "pend"
    assert seen.needed() == ["1.A.iii.d(3)"]
    assert seen.judged.still_needed[0].missing == ("aggressive_disease.mri.documentation",)


@claim
def ready_to_approve(seen: Seen) -> None:
    assert seen.history.reports[0].courses == ()
    assert seen.request.statement.received_lemtrada is None
    assert seen.request.status == "open"
    assert (seen.judged.recommendation, seen.judged.path, seen.judged.doses) == ("approve", "A", 5)


@claim
def approved_mid_course(seen: Seen) -> None:
    assert seen.course() == ("A", 1, "open", 2)
    assert seen.answer.approval is not None
    assert seen.answer.approval.valid_from <= seen.today <= seen.answer.approval.valid_through
    assert (seen.answer.doses_left_on_approval, seen.answer.doses_usable) == (3, 3)


@claim
def partially_approved(seen: Seen) -> None:
    assert seen.answer.approval is not None
    assert seen.answer.approval.doses_approved == 3
    assert seen.answer.doses_usable == 3
    assert seen.history.approvals[0].left_out is not None
    assert seen.request.statement.requested_dosing.consecutive_days == 5
    assert seen.request.decided_by is not None
    assert seen.request.decided_by.credential == "physician"
    assert seen.history.approvals[0].citing == ("Dosing.A",)


@claim
def interrupted_first_course(seen: Seen) -> None:
    assert seen.course() == ("A", 1, "open", 3)
    assert seen.answer.doses_left_in_course == 2
    assert seen.answer.approval is None
    assert seen.answer.doses_usable == 0


@claim
def closed_unfinished(seen: Seen) -> None:
    assert seen.courses.courses[0].status == "closed"
    assert seen.courses.courses[0].doses_given == 2
    assert seen.answer.path == "B"
    assert seen.judged.request_is_open
    assert seen.judged.recommendation == "refer"
    assert [reason.code for reason in seen.judged.reasons] == ["course_closed_unfinished"]


@claim
def completed_and_waiting(seen: Seen) -> None:
    assert seen.course() == ("B", 2, "not_begun", 0)
    assert seen.answer.interval_satisfied is False
    assert seen.answer.next_course_from is not None
    assert seen.answer.next_course_from > seen.today + timedelta(days=31)


@claim
def due_next_month(seen: Seen) -> None:
    assert seen.course() == ("B", 2, "not_begun", 0)
    assert seen.answer.interval_satisfied is False
    assert seen.answer.next_course_from is not None
    assert seen.today < seen.answer.next_course_from <= seen.today + timedelta(days=30)


@claim
def denied_too_early(seen: Seen) -> None:
    assert seen.request.status == "denied"
    assert seen.request.citing == ("1.B.iv",)
    assert seen.request.decided_by is not None
    assert seen.request.decided_by.credential == "physician"
    assert seen.judged.approvable_from == seen.answer.next_course_from
    assert seen.answer.interval_satisfied is False


@claim
def later_course_approved(seen: Seen) -> None:
    assert seen.course() == ("B", 2, "not_begun", 0)
    assert seen.answer.interval_satisfied is True
    assert seen.answer.doses_usable == 3
    assert seen.request.prescriber.credential == "nurse_practitioner"
    assert seen.request.consultation is not None


@claim
def later_course_interrupted(seen: Seen) -> None:
    assert seen.course() == ("B", 2, "open", 1)
    assert seen.answer.doses_usable == 0
    assert seen.request.status == "referred"
    assert seen.judged.recommendation == "refer"
    assert [reason.code for reason in seen.judged.reasons] == ["later_course_interrupted"]


@claim
def transferred(seen: Seen) -> None:
    assert [course.origin for course in seen.courses.courses] == ["reported", "reported"]
    assert str(seen.answer.last_dose_on) == f"{seen.today.year - 1}-{seen.today.month:02}"
    assert seen.course() == ("B", 3, "not_begun", 0)
    assert seen.answer.next_course_from is not None
    if seen.answer.next_course_from <= seen.today:
        # The month has passed whole, whatever the day was.
        assert (seen.answer.interval_satisfied, seen.judged.recommendation) == (True, "approve")
    else:
        assert (seen.answer.interval_satisfied, seen.judged.recommendation) == (None, "pend")
        assert seen.needed() == ["1.B.iv"]


@claim
def denied_second_agent(seen: Seen) -> None:
    assert seen.request.status == "denied"
    assert seen.request.citing == ("NR.2",)
    assert seen.judged.exclusions == ("NR.2",)


@claim
def excluded_isolated_syndrome(seen: Seen) -> None:
    assert seen.request.status == "open"
    assert seen.judged.recommendation == "not_recommended"
    assert seen.judged.exclusions == ("NR.1",)


@claim
def referred_dosing(seen: Seen) -> None:
    assert seen.request.status == "referred"
    assert [reason.code for reason in seen.judged.reasons] == ["dosing_outside_regimen"]


@claim
def referred_infection(seen: Seen) -> None:
    assert seen.request.status == "referred"
    assert [reason.code for reason in seen.judged.reasons] == ["active_infection"]


@claim
def variances(seen: Seen) -> None:
    course = seen.courses.courses[0]
    assert course.status == "completed"
    assert [dose.variances for dose in course.doses] == [(), (), ("not_12_mg",), (), ("outside_its_thirty_days",)]
    assert [dose.variances_then for dose in course.doses] == [dose.variances for dose in course.doses]


@claim
def voided_dose(seen: Seen) -> None:
    assert seen.kinds()[-4:] == ["DoseAdministered", "CourseCompleted", "DoseVoided", "CourseReopened"]
    assert seen.course() == ("A", 1, "open", 4)
    assert seen.answer.doses_usable == 1
    assert [entry.voided for entry in seen.courses.other_entries] == [True]


@claim
def possible_duplicate(seen: Seen) -> None:
    assert seen.courses.courses[0].doses_given == 5
    assert [entry.duplicate for entry in seen.courses.other_entries] == ["confirmed", "possible"]
    assert [entry.source for entry in seen.courses.other_entries] == ["claim", "claim"]
    assert not any(entry.counts for entry in seen.courses.other_entries)


@claim
def information_requested(seen: Seen) -> None:
    assert seen.request.awaits is not None
    assert [one.clause for one in seen.request.awaits.asked] == ["1.A.iii.d(3)"]
    assert (seen.request.reminders, seen.needed()) == (1, ["1.A.iii.d(3)"])
    assert seen.life.clock.standing == "paused"


@claim
def document_to_review(seen: Seen) -> None:
    assert seen.request.awaits is None
    assert [one.reviews for one in seen.history.documents] == [()]
    assert seen.needed() == ["1.A.iii.d(3)"]


@claim
def approved_on_a_document(seen: Seen) -> None:
    assert seen.request.status == "approved"
    assert [one.supports for one in seen.life.documents] == [("1.A.iii.d(3)",)]
    assert seen.answer.doses_usable == 5


@claim
def withdrawn(seen: Seen) -> None:
    assert (seen.request.status, seen.request.determination) == ("withdrawn", None)


@claim
def overturned_on_appeal(seen: Seen) -> None:
    assert [one.kind for one in seen.request.decisions] == ["denied", "approved"]
    (appeal,) = seen.history.appeals
    assert (appeal.status, appeal.is_late) == ("overturned", False)
    assert appeal.decided_by != seen.request.decisions[0].by
    assert seen.answer.doses_usable == 5
    assert seen.history.approvals[0].appeal_id == appeal.appeal_id


@claim
def upheld_and_handed_on(seen: Seen) -> None:
    (appeal,) = seen.history.appeals
    assert (appeal.status, appeal.awaits_external_review) == ("upheld", True)
    assert [one.kind for one in seen.history.notices] == ["denial", "appeal_decision"]
    assert seen.answer.approval is None


@claim
def approval_extended(seen: Seen) -> None:
    assert seen.history.approvals[0].extensions == 1
    assert (seen.answer.doses_given, seen.answer.doses_usable) == (2, 3)


@claim
def approval_rescinded(seen: Seen) -> None:
    (approval,) = seen.history.approvals
    assert approval.valid_through > seen.today
    assert approval.is_rescinded_by(seen.today)
    assert seen.answer.approval is None
    assert seen.courses.courses[0].doses_given == 1


@claim
def corrected_dose(seen: Seen) -> None:
    assert [one.corrected for one in seen.courses.courses[0].doses] == [False] * 4 + [True]
    assert seen.courses.courses[0].last_dose_on == PartialDate.of(seen.today - timedelta(days=11))
    assert "DoseCorrected" in seen.kinds()


@claim
def retrospective_request(seen: Seen) -> None:
    doses = seen.courses.courses[0].doses
    assert [one.variances_then for one in doses] == [("no_approval_in_force",)] * 5
    assert [one.variances for one in doses] == [()] * 5
    assert len(seen.request.retrospective_for) == 5


@claim
def imported_years(seen: Seen) -> None:
    assert all(event.imported_from is not None for event in seen.events)
    assert seen.request.decisions[0].past is not None
    assert seen.request.decisions[0].past.edition == "unknown"
    assert seen.course() == ("B", 2, "not_begun", 0)
    assert [one.variances for one in seen.courses.courses[0].doses] == [()] * 5


@claim
def earlier_number(seen: Seen) -> None:
    assert [course.origin for course in seen.courses.courses] == ["reported"]
    assert seen.course() == ("B", 2, "not_begun", 0)
    assert len(seen.history.linked) == 1


@claim
def linked_histories(seen: Seen) -> None:
    assert len(seen.history.linked) == 1
    assert seen.answer.path == "A"
    assert seen.judged.recommendation == "refer"
    assert [reason.code for reason in seen.judged.reasons] == ["histories_linked"]


# -- the tests --------------------------------------------------------------------------------


def see(ledger: Ledger, shown: Shown) -> Seen:
    patient_id = ledger.find(Member(member_id=shown.member_id))
    assert patient_id is not None
    events = ledger.events(patient_id)
    history = fold(events)
    assert history is not None
    lives = tuple(request_life(history, one, ledger.zone, ledger.now()) for one in history.requests)
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
    with pytest.raises(StoreError, match="holds patients already"):
        fill(ledger_url, clock=clock)
    with open_ledger(ledger_url) as ledger:
        assert len(list(ledger.patients())) == 1
