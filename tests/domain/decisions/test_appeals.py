"""An appeal is filed, decided once by somebody else, and overturning approves in the same commit."""

from __future__ import annotations

from typing import Any

import pytest

from domain.commands.requests import ReopenRequest
from domain.errors import AlreadyDecided, AssessmentMoved, Conflict, InvalidCommand, NotFound, NotPermitted
from domain.events.appeals import AppealAssigned, AppealDecided, AppealFiled, AppealWithdrawn
from domain.events.determinations import CourseApproved
from tests.story import (
    BELOW_THE_DENIER,
    CLAIMS,
    MEETS_A,
    NEUROLOGIST,
    NURSE,
    OFFICE,
    PHARMACIST_OF_APPEALS,
    PHYSICIAN,
    SECOND_NEUROLOGIST,
    Scenario,
    Step,
    appeal_assigned,
    appeal_dismissed,
    appeal_withdrawn,
    appealed,
    approved,
    approved_by_clinician,
    denied,
    dose,
    doses,
    given,
    overturned,
    overturned_in_part,
    referred,
    rescinded,
    submitted,
    upheld,
)

HIV = MEETS_A | {"hiv_infection": True}
IN_PART = approved_by_clinician(doses=2, left_out="Three days.")


def denied_on_28_april(*more: Step, statement: dict[str, Any] | None = None) -> Scenario:
    """Denied though all criteria are met, on 1.A.i."""
    statement = MEETS_A if statement is None else statement
    return given(submitted(statement), denied("NR.3" if statement is HIV else "1.A.i"), *more)


# -- the whole way ----------------------------------------------------------------------------


def test_a_denial_is_appealed_and_overturned_by_somebody_who_took_no_part() -> None:
    scenario = denied_on_28_april().on("2026-05-05").when(appealed()).then(AppealFiled, level="first", is_late=False)
    scenario.when(overturned().by(PHYSICIAN)).then_refused(NotPermitted, field="actor.id")
    scenario.when(overturned().by(BELOW_THE_DENIER)).then_refused(NotPermitted, field="actor.reports_to")
    scenario.when(upheld("1.A.i").by(PHARMACIST_OF_APPEALS)).then_refused(NotPermitted, field="actor.credential")
    scenario.when(overturned().by(PHARMACIST_OF_APPEALS)).then(AppealDecided, CourseApproved, outcome="overturned")
    request, appeal, approval = scenario.known.requests[0], scenario.known.appeals[0], scenario.known.approvals[0]
    assert (request.status, appeal.status, appeal.decided_by) == ("approved", "overturned", PHARMACIST_OF_APPEALS)
    assert (approval.appeal_id, approval.doses_approved, approval.left_out) == (appeal.appeal_id, 5, None)
    assert (str(approval.valid_from), str(approval.valid_through)) == ("2026-05-05", "2026-06-03")
    assert len({event.command_id for event in scenario.last}) == 1


def test_upholding_cites_the_criterion_and_leaves_the_denial() -> None:
    scenario = denied_on_28_april(appealed(), statement=HIV).when(upheld("NR.3"))
    scenario.then(AppealDecided, outcome="upheld", citing=("NR.3",)).then_usable(None)
    assert (scenario.known.requests[0].status, scenario.known.appeals[0].citing) == ("denied", ("NR.3",))


# -- what is appealable -----------------------------------------------------------------------

ADVERSE: dict[str, list[Step]] = {
    "a denial": [submitted(), denied("1.A.i")],
    "a denial after a referral": [submitted(), referred(), denied("1.A.i")],
    "a partial approval": [submitted(), IN_PART],
    "an approval taken back": [submitted(), approved(), rescinded()],
}
NOT_ADVERSE: dict[str, tuple[list[Step], str]] = {
    "a full approval": ([submitted(), approved()], "a full approval is in effect"),
    "one that nobody decided": ([submitted()], "has no determination yet"),
    "one with a clinician": ([submitted(), referred()], "has no determination yet"),
}


@pytest.mark.parametrize("what", ADVERSE)
def test_what_is_adverse_can_be_appealed(what: str) -> None:
    scenario = given(*ADVERSE[what]).when(appealed()).then(AppealFiled)
    event, adverse = scenario.last[0], scenario.events[-2]
    assert isinstance(event, AppealFiled)
    assert event.decision_version == adverse.originator_version


@pytest.mark.parametrize("what", NOT_ADVERSE)
def test_anything_else_cannot(what: str) -> None:
    before, cause = NOT_ADVERSE[what]
    scenario = given(*before).when(appealed()).then_refused(Conflict, field="request_id")
    assert cause in str(scenario.error)


def test_one_appeal_of_a_request_is_open_at_a_time() -> None:
    denied_on_28_april(appealed()).when(appealed()).then_refused(Conflict, field="request_id")


def test_each_request_has_its_own() -> None:
    scenario = denied_on_28_april(appealed(), submitted(), denied("1.A.i")).when(appealed())
    scenario.then(AppealFiled, level="first", appeal_id=scenario.known.appeals[0].appeal_id.replace(".a1", ".a2"))


def test_anybody_who_asks_may_file_and_a_service_may_not() -> None:
    denied_on_28_april().when(appealed().by(OFFICE)).then(AppealFiled)
    denied_on_28_april().when(appealed().by(CLAIMS)).then_refused(NotPermitted, field="actor.role")


def test_of_a_request_that_is_on_record() -> None:
    scenario = denied_on_28_april()
    unknown = scenario.known.requests[0].request_id.replace(".r1", ".r9")
    scenario.when(appealed(request_id=unknown)).then_refused(NotFound, field="request_id")


@pytest.mark.parametrize(
    ("received_on", "is_fine"),
    [("2026-04-27", False), ("2026-04-28", True), ("2026-05-05", True), ("2026-05-06", False)],
    ids=["before the denial", "on its day", "today", "tomorrow"],
)
def test_it_is_received_after_the_denial_and_not_in_the_future(received_on: str, is_fine: bool) -> None:
    scenario = denied_on_28_april().on("2026-05-05").when(appealed(received_on))
    if is_fine:
        scenario.then(AppealFiled)
    else:
        scenario.then_refused(InvalidCommand, field="received_at")


# -- ended without a decision -----------------------------------------------------------------

ENDED = {"withdrawn": appeal_withdrawn(), "dismissed": appeal_dismissed("improperly_filed")}


@pytest.mark.parametrize("how", ENDED)
def test_what_ended_is_not_decided_and_can_be_filed_again(how: str) -> None:
    scenario = denied_on_28_april(appealed(), ENDED[how])
    assert scenario.known.appeals[0].status == how
    for step in (overturned(), upheld("1.A.i"), appeal_assigned(NEUROLOGIST), *ENDED.values()):
        scenario.when(step).then_refused(Conflict, field="appeal_id")
    scenario.when(appealed()).then(AppealFiled, level="first")


def test_who_filed_may_take_it_back() -> None:
    denied_on_28_april(appealed()).when(appeal_withdrawn().by(OFFICE)).then(AppealWithdrawn, by="Alma Synthetic")


# -- assigned ---------------------------------------------------------------------------------


def test_it_is_assigned_to_somebody_who_may_decide_it() -> None:
    scenario = denied_on_28_april(appealed()).when(appeal_assigned(NEUROLOGIST)).then(AppealAssigned, to=NEUROLOGIST)
    assert scenario.known.appeals[0].assigned_to == NEUROLOGIST
    scenario.when(appeal_assigned(NEUROLOGIST)).then_refused(Conflict, field="to")
    scenario.when(appeal_assigned(SECOND_NEUROLOGIST)).then(AppealAssigned)
    scenario.when(appeal_assigned(PHARMACIST_OF_APPEALS)).then(AppealAssigned)


@pytest.mark.parametrize(
    ("to", "field"),
    [
        (PHYSICIAN, "to.id"),
        (BELOW_THE_DENIER, "to.reports_to"),
        (NURSE, "to.role"),
        (NEUROLOGIST.model_copy(update={"credential": "nurse"}), "to.credential"),
    ],
    ids=["the denier", "below the denier", "a reviewer", "a nurse among the clinicians"],
)
def test_never_to_somebody_who_may_not(to: Any, field: str) -> None:
    denied_on_28_april(appealed()).when(appeal_assigned(to)).then_refused(NotPermitted, field=field)


# -- decided ----------------------------------------------------------------------------------


@pytest.mark.parametrize("again", [overturned(), upheld("NR.3")], ids=["overturned", "upheld"])
@pytest.mark.parametrize("first", [overturned(), upheld("NR.3")], ids=["overturned", "upheld"])
def test_an_appeal_is_decided_once(first: Step, again: Step) -> None:
    scenario = denied_on_28_april(appealed(), first, statement=HIV)
    scenario.when(again.by(SECOND_NEUROLOGIST)).then_refused(AlreadyDecided, field="appeal_id")


def test_only_from_the_assessment_that_was_shown() -> None:
    scenario = denied_on_28_april(appealed())
    looked_at = scenario.judged().digest
    scenario.and_given(dose("2026-04-27"))
    scenario.when(overturned(assessment_digest=looked_at)).then_refused(AssessmentMoved, field="assessment_digest")


def test_it_is_judged_today_under_the_edition_of_its_request() -> None:
    received = submitted(received_on="2025-07-01")
    scenario = given(received, denied("1.A.i"), today="2025-07-10").on("2025-08-01").and_given(appealed())
    scenario.when(overturned()).then(AppealDecided, CourseApproved)
    determination = scenario.known.appeals[0].determination
    assert determination is not None
    assert (determination.assessment.edition, str(determination.assessment.as_of)) == ("2024-10-16", "2025-08-01")
    assert determination == scenario.known.requests[0].determination


DEPARTS = {
    ("overturned", "all is met"): (MEETS_A, False),
    ("overturned", "for a clinician"): (MEETS_A | {"active_infection": True}, False),
    ("overturned", "excluded"): (HIV, True),
    ("overturned", "open"): (MEETS_A | {"hiv_infection": None}, True),
    ("upheld", "all is met"): (MEETS_A, True),
    ("upheld", "excluded"): (HIV, False),
    ("upheld", "open"): (MEETS_A | {"hiv_infection": None}, True),
}


@pytest.mark.parametrize(("outcome", "situation"), DEPARTS)
def test_it_says_whether_the_decider_departed(outcome: str, situation: str) -> None:
    statement, departs = DEPARTS[outcome, situation]
    scenario = given(submitted(statement), denied("NR.3"), appealed())
    scenario.and_given(overturned() if outcome == "overturned" else upheld("NR.3"))
    determination = scenario.known.appeals[0].determination
    assert determination is not None
    assert determination.departs is departs


@pytest.mark.parametrize("citing", [(), ("9.Z",), ("1.A.i",)], ids=["nothing", "no clause", "a clause that is met"])
def test_upholding_cites_what_speaks_against(citing: tuple[str, ...]) -> None:
    denied_on_28_april(appealed(), statement=HIV).when(upheld(*citing)).then_refused(InvalidCommand, field="citing")


@pytest.mark.parametrize(
    ("field", "value"), [("doses", 2), ("valid_from", "2026-05-01"), ("path", "A"), ("left_out", "All of it.")]
)
def test_upholding_approves_nothing(field: str, value: Any) -> None:
    scenario = denied_on_28_april(appealed(), statement=HIV)
    scenario.when(upheld("NR.3", **{field: value})).then_refused(InvalidCommand, field=field)


# -- in whole or in part ----------------------------------------------------------------------


def test_a_part_is_named_as_one_and_says_what_is_left_out_and_why() -> None:
    scenario = denied_on_28_april(appealed())
    scenario.when(overturned(doses=3)).then_refused(InvalidCommand, field="outcome")
    scenario.when(overturned_in_part(5)).then_refused(InvalidCommand, field="doses")
    scenario.when(overturned_in_part(3, left_out=None)).then_refused(InvalidCommand, field="left_out")
    scenario.when(overturned_in_part(3, citing=[])).then_refused(InvalidCommand, field="citing")
    scenario.when(overturned_in_part(3)).then(AppealDecided, CourseApproved, citing=("Dosing.A",))
    approval = scenario.known.approvals[0]
    assert (approval.doses_approved, approval.left_out, approval.citing) == (3, "The rest of the doses.", ("Dosing.A",))


def test_the_upheld_part_takes_a_physician_as_an_uphold_does() -> None:
    scenario = denied_on_28_april(appealed())
    scenario.when(overturned_in_part(3).by(PHARMACIST_OF_APPEALS)).then_refused(NotPermitted, field="actor.credential")


def test_never_more_than_the_policys_quantity() -> None:
    more = MEETS_A | {"requested_dosing": {"mg_per_day": 12, "consecutive_days": 8, "route": "intravenous"}}
    scenario = given(submitted(more), denied("Dosing.A"), appealed())
    scenario.when(overturned()).then_refused(InvalidCommand, field="outcome")
    scenario.when(overturned_in_part(5)).then(AppealDecided, CourseApproved)


@pytest.mark.parametrize("start", ["2026-05-05", "2026-06-04"], ids=["the day of the decision", "thirty days later"])
def test_its_thirty_days_are_its_own(start: str) -> None:
    scenario = denied_on_28_april().on("2026-05-05").and_given(appealed(), overturned(valid_from=start))
    approval = scenario.known.approvals[0]
    assert (str(approval.valid_from), (approval.valid_through - approval.valid_from).days) == (start, 29)


@pytest.mark.parametrize("start", ["2026-05-04", "2026-06-05"], ids=["the day before", "thirty-one days later"])
def test_they_begin_neither_before_nor_later(start: str) -> None:
    scenario = denied_on_28_april().on("2026-05-05").and_given(appealed())
    scenario.when(overturned(valid_from=start)).then_refused(InvalidCommand, field="valid_from")


def test_a_partial_approval_becomes_a_whole_one_and_the_course_still_caps_it() -> None:
    scenario = given(submitted(), IN_PART, *doses("2026-05-04", 2)).on("2026-05-10").and_given(appealed())
    scenario.when(overturned()).then(AppealDecided, CourseApproved)
    scenario.then_usable(0, as_of="2026-05-09").then_usable(3, as_of="2026-05-10")
    scenario.and_given(*doses("2026-05-11", 3)).then_courses("completed 5")
    for number in range(1, 6):
        scenario.then_variances(number)


def test_an_appeal_never_leaves_less_than_there_was() -> None:
    scenario = given(submitted(), IN_PART, appealed())
    scenario.when(overturned_in_part(2)).then_refused(InvalidCommand, field="doses")
    scenario.when(overturned_in_part(3)).then(AppealDecided, CourseApproved)


def test_what_was_rescinded_is_approved_again() -> None:
    scenario = given(submitted(), approved(), *doses("2026-05-04", 2)).on("2026-05-06")
    scenario.and_given(rescinded("coverage_ended"), appealed())
    scenario.when(overturned()).then(AppealDecided, CourseApproved).then_usable(3)
    assert [one.course for one in scenario.known.approvals] == [1, 1]


def test_the_request_was_closed_when_it_was_first_decided() -> None:
    scenario = denied_on_28_april().on("2026-05-05").and_given(appealed(), overturned())
    assert str(scenario.known.requests[0].closed_on) == "2026-04-28"
    assert [one.kind for one in scenario.known.requests[0].decisions] == ["denied", "approved"]


# -- what was appealed and stands no longer ---------------------------------------------------


def test_a_later_decision_is_appealed_again() -> None:
    """The partial approval is rescinded while its appeal is open: the rescission is in effect."""
    scenario = given(submitted(), IN_PART, appealed(), rescinded())
    scenario.when(overturned()).then_refused(Conflict, field="appeal_id")
    scenario.and_given(appeal_dismissed("not_appealable")).when(appealed()).then(AppealFiled, level="first")
    scenario.when(overturned()).then(AppealDecided, CourseApproved)


def test_a_request_that_is_denied_again_is_appealed_at_the_first_level_again() -> None:
    scenario = denied_on_28_april(appealed(), upheld("1.A.i"))
    reopened = ReopenRequest(request_id=scenario.known.requests[0].request_id, reason="The chart came.")
    scenario.and_given(Step(lambda _: reopened, PHYSICIAN)).when(appealed()).then_refused(Conflict, field="request_id")
    scenario.and_given(denied("1.A.i")).when(appealed()).then(AppealFiled, level="first")
