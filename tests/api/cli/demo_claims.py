"""What each situation of the demo claims to show, as a check of what the projections show of its patient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from domain.calendar import PartialDate, anniversary
from domain.events.base import Event
from domain.history.records import Request
from domain.history.state import PatientHistory
from projections.courses import Courses
from projections.eligibility import Approvable, Eligibility
from projections.request_status import RequestLife


@dataclass(frozen=True)
class Seen:
    """One patient of the demo, as the projections show the patient on the demo's day."""

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
    assert seen.answer.next_course_from is None
    first, last = seen.answer.last_dose_earliest, seen.answer.last_dose_latest
    assert first is not None
    assert last is not None
    # Three doses take three days, so the last of them was not given before the third day of the month.
    assert (first.day, last + timedelta(days=1)) == (3, date(last.year + last.month // 12, last.month % 12 + 1, 1))
    if anniversary(first) > seen.today:
        assert (seen.answer.interval_satisfied, seen.judged.recommendation) == (False, "not_recommended")
    elif anniversary(last) <= seen.today:
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
