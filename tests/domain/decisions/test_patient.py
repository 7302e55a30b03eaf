"""The person: demographics, identifiers, links, coverage, representatives, death, agents of others (R17, R23)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.commands.patient import OpenHistory
from domain.errors import AlreadyRecorded, Conflict, InvalidCommand, NotFound, NotPermitted
from domain.events.patient import (
    DeathRecorded,
    DeathRecordVoided,
    DemographicsCorrected,
    HistoriesLinked,
    HistoriesUnlinked,
    LineOfBusinessChanged,
    Member,
    MemberIdentifierAdded,
    MemberIdentifierRetired,
    OtherAgentStarted,
    OtherAgentStopped,
    RepresentativeNamed,
    RequesterAdmitted,
)
from domain.history.state import requester_key
from domain.people import Actor
from domain.permissions import views
from tests.story import (
    CLAIMS,
    MEETS_A,
    NURSE,
    OFFICE,
    PATIENT,
    TWIN,
    Step,
    agent_started,
    agent_stopped,
    death_voided,
    demographics_corrected,
    died,
    dose,
    given,
    identifier_added,
    identifier_retired,
    line_changed,
    linked,
    linked_to_itself,
    opened,
    reported,
    representative,
    submitted,
    unlinked,
    voided,
)

PRACTICE = "practice.eight"
IN_THE_PRACTICE = tuple(
    Actor(id=one, name="Practice Eight", role="requester", office=PRACTICE) for one in ("nils.front", "nora.back")
)
TODAY, TOMORROW = "2026-04-28", "2026-04-29"


# -- a prescriber's office that opens a history which is there -------------------------------


def named(name: str = "Alma Synthetic", birth_date: str | None = "1988-05-17") -> Step:
    command = OpenHistory.model_validate({"member": {"member_id": "M-1"}, "name": name, "birth_date": birth_date})
    return Step(lambda _: command)


@pytest.mark.parametrize("name", ["Alma Synthetic", "  alma   SYNTHETIC "])
def test_an_office_that_knows_name_and_birth_date_is_admitted(name: str) -> None:
    story = given().when(named(name).by(OFFICE)).then(RequesterAdmitted)
    assert story.known.requesters == (requester_key(OFFICE),)
    assert story.known.name == "Alma Synthetic"


def test_a_patient_that_one_user_of_an_office_added_is_known_to_the_whole_office() -> None:
    one, other = IN_THE_PRACTICE
    story = given().when(named().by(one)).then(RequesterAdmitted)
    assert [views.may_know_of(who, story.known) for who in (one, other, OFFICE, NURSE)] == [True, True, False, True]


@pytest.mark.parametrize(
    "asked", [named("Alba Synthetic"), named(birth_date="1988-05-18"), named(birth_date="1988"), named(birth_date=None)]
)
def test_an_office_that_does_not_know_the_patient_learns_nothing(asked: Step) -> None:
    """Whatever is wrong, the office is shown the same error, and nothing is recorded."""
    story = given().when(asked.by(OFFICE)).then_refused(Conflict, field="member")
    assert "the member could not be added with these details" in str(story.error)
    assert story.known.requesters == ()


def test_an_office_that_states_no_birth_date_is_not_admitted_where_none_is_on_record() -> None:
    """The name alone is no proof that the office knows the patient."""
    story = given()
    story.history = None
    story.and_given(opened(birth_date=None)).when(named(birth_date=None).by(OFFICE))
    story.then_refused(Conflict, field="member")


def test_users_who_know_the_patient_are_shown_that_the_member_is_on_record() -> None:
    given().when(named()).then_refused(AlreadyRecorded, field="member")
    one, other = IN_THE_PRACTICE
    given(named().by(one)).when(named().by(other)).then_refused(AlreadyRecorded, field="member")


def test_a_request_makes_its_office_one_that_knows_the_patient() -> None:
    story = given().when(submitted(MEETS_A).by(OFFICE))
    assert story.known.requesters == (requester_key(OFFICE),)
    (request,) = story.known.requests
    assert views.is_own_request(OFFICE, request)
    assert not views.is_own_request(IN_THE_PRACTICE[0], request)


# -- demographics -----------------------------------------------------------------------------


def test_what_is_left_out_of_a_correction_stands_as_it_was() -> None:
    story = given().when(demographics_corrected(birth_date="1988-05-18"))
    story.then(DemographicsCorrected, name=None)
    assert (story.known.name, str(story.known.birth_date)) == ("Alma Synthetic", "1988-05-18")
    story.when(demographics_corrected(name="Alba Synthetic")).then(DemographicsCorrected, birth_date=None)
    assert (story.known.name, str(story.known.birth_date)) == ("Alba Synthetic", "1988-05-18")


def test_before_the_correction_the_old_birth_date_was_known_and_answers_use_it() -> None:
    too_young = "2010-01-01"
    story = given(submitted(MEETS_A)).then_finding("1.A.i", "met").when(demographics_corrected(birth_date=too_young))
    story.then_finding("1.A.i", "not_met")
    assert str(story.versions[-2].birth_date) == "1988-05-17"


@pytest.mark.parametrize("values", [{}, {"name": "Alma Synthetic"}, {"birth_date": "1988-05-17"}])
def test_a_correction_that_corrects_nothing_is_refused(values: dict[str, Any]) -> None:
    given().when(demographics_corrected(**values)).then_refused(InvalidCommand)


@pytest.mark.parametrize(
    ("recorded", "last_day"),
    [
        ([dose("2024-03-04")], "2024-03-04"),
        ([reported({"first_dose_on": "2023-02", "last_dose_on": "2023-03"})], "2023-02-28"),
        ([reported({"last_dose_on": "2023"})], "2023-12-31"),
        ([submitted(received_on="2026-04-02")], "2026-04-02"),
        ([agent_started("Ocrevus", "2020-06")], "2020-06-30"),
        ([died("2026-04-20")], "2026-04-20"),
        ([], TODAY),
    ],
    ids=["a dose", "a reported course", "of a year", "a request", "another agent", "a death", "today"],
)
def test_a_birth_date_is_not_after_anything_on_record_of_the_patient(recorded: list[Step], last_day: str) -> None:
    day = date.fromisoformat(last_day)
    given(*recorded).when(demographics_corrected(birth_date=last_day)).then(DemographicsCorrected)
    after = date.fromordinal(day.toordinal() + 1).isoformat()
    given(*recorded).when(demographics_corrected(birth_date=after)).then_refused(InvalidCommand, field="birth_date")


def test_a_birth_date_may_be_after_what_was_voided() -> None:
    given(dose("2020-03-04"), voided(1)).when(demographics_corrected(birth_date="2021")).then(DemographicsCorrected)


# -- identifiers ------------------------------------------------------------------------------


def test_identifiers_are_added_and_retired_and_the_last_one_stays() -> None:
    story = given().when(identifier_retired("M-1")).then_refused(Conflict, field="member")
    story.when(identifier_added("M-2")).then(MemberIdentifierAdded, member=Member(member_id="M-2"))
    story.when(identifier_retired("M-1")).then(MemberIdentifierRetired)
    assert story.known.members == (Member(member_id="M-2"),)
    story.when(identifier_retired("M-2")).then_refused(Conflict, field="member")
    story.when(identifier_added("M-1")).then(MemberIdentifierAdded)


def test_a_member_id_is_added_once_and_only_an_id_of_the_patient_is_retired() -> None:
    given().when(identifier_added("M-1")).then_refused(AlreadyRecorded, field="member")
    given().when(identifier_added("M-1", issuer="other plan")).then(MemberIdentifierAdded)
    given(identifier_added("M-2")).when(identifier_retired("M-3")).then_refused(NotFound, field="member")


# -- links ------------------------------------------------------------------------------------


def test_histories_are_linked_once_and_unlinked_once() -> None:
    story = given().when(linked()).then(HistoriesLinked, other_patient_id=TWIN)
    story.when(linked()).then_refused(AlreadyRecorded, field="other_patient_id")
    story.when(unlinked()).then(HistoriesUnlinked, other_patient_id=TWIN)
    story.when(unlinked()).then_refused(Conflict, field="other_patient_id")
    story.when(linked()).then(HistoriesLinked)


def test_a_history_is_not_linked_to_itself() -> None:
    given().when(linked_to_itself).then_refused(InvalidCommand, field="other_patient_id")


def test_while_histories_are_linked_a_clinician_reviews_both() -> None:
    story = given(submitted(MEETS_A)).then_recommended("approve", scope="A").and_given(linked())
    assert story.judged().assessment.recommendation == "refer"
    story.and_given(unlinked()).then_recommended("approve", scope="A")


# -- coverage and representatives -------------------------------------------------------------


def test_a_change_of_line_holds_from_its_day_and_requests_keep_theirs() -> None:
    story = given(submitted()).when(line_changed("2026-05-01")).then(LineOfBusinessChanged)
    assert story.known.line_of_business(date(2026, 4, 30)) == "commercial"
    assert story.known.line_of_business(date(2026, 5, 1)) == "medicare_advantage"
    assert story.known.requests[0].line_of_business == "commercial"


def test_state_and_funding_are_of_the_coverage_of_their_day() -> None:
    story = given(submitted()).when(line_changed("2026-05-01", "commercial", state="CA", funding="insured"))
    story.then(LineOfBusinessChanged, state="CA", funding="insured")
    story.when(line_changed("2026-05-01", "commercial", state="CA", funding="insured")).then_refused(
        AlreadyRecorded, field="on"
    )
    story.when(line_changed("2026-05-01", "commercial", state="CA")).then(LineOfBusinessChanged, funding=None)
    story.when(line_changed("2026-06-01", "commercial", state="NY")).then(LineOfBusinessChanged)
    days = {date(2026, 4, 30): None, date(2026, 5, 1): "CA", date(2026, 5, 31): "CA", date(2026, 6, 1): "NY"}
    for day, state in days.items():
        coverage = story.known.coverage_on(day)
        assert (coverage.state if coverage is not None else None) == state
    assert [one.funding for one in story.known.coverage] == ["insured", None, None]


def test_a_change_without_state_and_funding_is_stored_as_it_always_was() -> None:
    story = given(submitted()).when(line_changed("2026-05-01"))
    assert {"state", "funding"}.isdisjoint(story.last[0].model_dump(mode="json"))
    assert story.known.coverage == ()


def test_what_is_no_state_is_refused() -> None:
    given().when(line_changed("2026-05-01", "commercial", state="ZZ")).then_refused(InvalidCommand, field="state")


def test_the_last_recorded_line_of_a_day_holds_and_the_same_is_not_recorded_twice() -> None:
    story = given(line_changed("2026-05-01")).when(line_changed("2026-05-01")).then_refused(AlreadyRecorded, field="on")
    story.when(line_changed("2026-05-01", "medicaid")).then(LineOfBusinessChanged)
    assert story.known.line_of_business(date(2026, 5, 1)) == "medicaid"
    story.when(line_changed("2026-05-01")).then(LineOfBusinessChanged)
    given().when(line_changed("1988-05-16")).then_refused(InvalidCommand, field="on")


def test_a_representative_is_in_effect_from_today_or_from_a_given_day() -> None:
    given().when(representative()).then(RepresentativeNamed, on=date(2026, 4, 28), through=None)
    named = representative(on="2026-05-01", through="2026-05-01")
    given().when(named).then(RepresentativeNamed, on=date(2026, 5, 1), through=date(2026, 5, 1))
    backwards = representative(on="2026-05-01", through="2026-04-30")
    given().when(backwards).then_refused(InvalidCommand, field="through")


def test_the_document_that_names_a_representative_is_on_record() -> None:
    unknown = representative(document_id=f"{PATIENT}.f1")
    given().when(unknown).then_refused(NotFound, field="document_id")


# -- death ------------------------------------------------------------------------------------


def test_the_last_record_of_a_death_holds_until_it_is_voided() -> None:
    story = given().when(died("2026-04")).then(DeathRecorded).when(died("2026-04-20")).then(DeathRecorded)
    assert str(story.known.deceased_on) == "2026-04-20"
    story.when(death_voided()).then(DeathRecordVoided)
    assert story.known.deceased_on is None
    assert str(story.versions[-2].deceased_on) == "2026-04-20"
    story.when(death_voided()).then_refused(Conflict)


@pytest.mark.parametrize("on", [TODAY, "2026-04", "2026", "1988-05-17", "1988-05", "1988"])
def test_a_death_may_lie_between_birth_and_today(on: str) -> None:
    given().when(died(on)).then(DeathRecorded)


@pytest.mark.parametrize("on", [TOMORROW, "2026-05", "2027", "1988-05-16", "1988-04", "1987"])
def test_and_not_outside(on: str) -> None:
    given().when(died(on)).then_refused(InvalidCommand, field="on")


def test_what_is_on_record_after_a_death_contradicts_it_and_stays() -> None:
    story = given(dose("2026-04-20")).when(died("2026-04-19")).then(DeathRecorded)
    story.when(dose("2026-04-21", TODAY)).then_courses("open 2")


def test_a_death_is_a_note_for_the_decision_maker() -> None:
    story = given(submitted(), died("2026-04-20"))
    assert any("death" in note for note in story.judged().assessment.advisories)


# -- agents of others -------------------------------------------------------------------------

PLANNED = {"planned_first_infusion_on": "2026-05-10"}


def test_another_agent_that_was_begun_is_taken_until_it_is_stopped() -> None:
    story = given(submitted(MEETS_A, **PLANNED)).then_finding("NR.2", "not_met")
    story.when(agent_started("Tysabri", "2026-04-20")).then(OtherAgentStarted).then_finding("NR.2", "met")
    story.when(agent_stopped("Tysabri", "2026-05-09")).then(OtherAgentStopped).then_finding("NR.2", "not_met")


def test_it_is_begun_by_today_and_may_be_stopped_on_a_day_to_come() -> None:
    given().when(agent_started("Tysabri", TOMORROW)).then_refused(InvalidCommand, field="on")
    given().when(agent_started("Tysabri", "2026")).then(OtherAgentStarted)
    given().when(agent_stopped("Tysabri", "2026-12")).then(OtherAgentStopped)
    for step in (agent_started("Tysabri", "1987"), agent_stopped("Tysabri", "1987")):
        given().when(step).then_refused(InvalidCommand, field="on")


@pytest.mark.parametrize("product", ["Lemtrada", "lemtrada", "alemtuzumab"])
def test_lemtrada_itself_is_recorded_as_doses_or_prior_treatment(product: str) -> None:
    for step in (agent_started(product, "2020"), agent_stopped(product, "2020")):
        story = given().when(step).then_refused(InvalidCommand, field="product")
        assert story.error is not None
        assert "dose" in story.error.remedy


def test_campath_is_another_product() -> None:
    given().when(agent_started("Campath", "2020")).then(OtherAgentStarted)


# -- who, and without a birth date ------------------------------------------------------------


@pytest.mark.parametrize(
    "step",
    [
        demographics_corrected(name="Other"),
        identifier_added("M-2"),
        identifier_retired("M-1"),
        linked(),
        unlinked(),
        died("2026-04"),
        death_voided(),
    ],
)
def test_offices_and_services_do_not_change_who_the_patient_is(step: Step) -> None:
    for somebody in (OFFICE, CLAIMS):
        given().when(step.by(somebody)).then_refused(NotPermitted, field="actor.role")


def test_without_a_birth_date_no_day_is_too_early() -> None:
    story = given()
    story.history = None
    story.when(opened(birth_date=None), died("1950"), agent_started("Avonex", "1996")).then(OtherAgentStarted)
