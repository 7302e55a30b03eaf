"""The patient page: the status at a glance, on any day and as known at any time; facts and corrections."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from api.pages.forms import form_texts
from domain.events.treatment import DoseAdministered, DoseVoided, PriorTreatmentReported
from domain.people import Actor
from tests import story
from tests.api.pages.desk import Desk
from tests.api.routes.commands.acts import COMPLETED_ELSEWHERE, NURSE, Api
from tests.clock import Clock
from tests.story import ADMINISTRATOR, AUDITOR, OTHER_OFFICE

Desks = Callable[[Actor], Desk]
HOSTILE = "<script>alert('x')</script> O'Neil & Søn"
FIVE = tuple(f"2026-03-{day:02}" for day in range(2, 7))


def treated(api: Api) -> str:
    patient = api.opened(name=HOSTILE)
    api.submitted(patient)
    api.dosed(patient, *FIVE)
    return patient


def at(patient: str) -> str:
    return f"/pages/patients/{patient}"


def test_it_says_at_a_glance_when_the_next_course_may_begin(api: Api, desk: Desks) -> None:
    shown = desk(story.NURSE).opens(at(treated(api)))
    assert shown.status == 200
    assert "Next course from 2027-03-06" in shown.text
    assert "Path B, subsequent course: course 2" in shown.text
    assert "0 given, 3 left" in shown.text
    assert HOSTILE in shown.text
    assert HOSTILE not in shown.html
    assert shown.html.count('class="mark ') == shown.html.count('id="fact-'), "each mark is a line of the list"


def test_the_day_moves_everything(api: Api, desk: Desks) -> None:
    patient = treated(api)
    before = desk(story.NURSE).opens(at(patient), as_of="2026-03-03")
    assert "2 given, 3 left" in before.text
    assert "Not as it stands now" in before.text
    assert "Dose d3" not in before.text


def test_a_request_from_before_the_first_policy_version_is_shown(api: Api, desk: Desks) -> None:
    patient = api.opened()
    api.submitted(patient, received_at="2010-05-03T09:00:00-04:00")
    shown = desk(story.NURSE).opens(at(patient))
    assert shown.status == 200
    assert "Path A" in shown.text


def test_a_correction_is_seen_at_two_moments(api: Api, desk: Desks, clock: Clock) -> None:
    patient = treated(api)
    clock.advance(timedelta(days=1))
    reviewer = desk(story.NURSE)
    voided = reviewer.sends(
        reviewer.opens(at(patient)), "void-dose", dose_id=f"{patient}.d5", reason="Of another patient."
    )
    assert "Recorded: dose entry voided" in voided.text
    assert isinstance(api.ledger.events(UUID(patient))[-2], DoseVoided)
    now = reviewer.opens(at(patient))
    then = reviewer.sends(now, "handles", as_of="2026-04-28", known_at="2026-04-28T23:00")
    assert "4 given, 1 left" in now.text
    assert "Next course from 2027-03-06" in then.text
    assert "as known at 2026-04-28 23:00 EDT" in then.text


def test_a_dose_is_recorded_once_and_its_variances_are_shown(api: Api, desk: Desks) -> None:
    patient, reviewer = api.opened(name=HOSTILE), desk(story.NURSE)
    page = reviewer.opens(at(patient))
    for _ in range(2):
        told = reviewer.sends(page, "dose", on="2026-04-20", mg="10", source_reference="INF-1")
    assert "Recorded: dose given" in told.text or "Recorded: dose" in told.text
    assert "no approval in force" in told.text
    assert sum(isinstance(one, DoseAdministered) for one in api.ledger.events(UUID(patient))) == 1


def test_what_can_not_be_is_refused_and_stays_typed(api: Api, desk: Desks) -> None:
    patient, reviewer = api.opened(), desk(story.NURSE)
    refused = reviewer.sends(reviewer.opens(at(patient)), "dose", on="2026-05-20", source_reference="INF-Ä")
    assert refused.status == 422
    assert "Nothing was recorded" in refused.text
    assert 'value="INF-Ä"' in refused.html
    assert 'value="2026-05-20"' in refused.html


def test_treatment_elsewhere_is_reported_and_that_there_was_none(api: Api, desk: Desks) -> None:
    patient, reviewer = api.opened(), desk(story.NURSE)
    page = reviewer.opens(at(patient))
    reported = reviewer.sends(
        page,
        "prior-treatment",
        courses__0__doses_given="5",
        courses__0__last_dose_on="2025-03",
        courses__0__completed="true",
    )
    assert "Path B" in reported.text
    other = api.opened("M-2")
    none = reviewer.sends(reviewer.opens(at(other)), "prior-treatment", none="true")
    assert "Path A" in none.text
    assert isinstance(api.ledger.events(UUID(other))[-1], PriorTreatmentReported)


def test_what_is_on_record_is_confirmed_as_it_is(api: Api, desk: Desks) -> None:
    patient, reviewer = treated(api), desk(story.NURSE)
    told = reviewer.sends(reviewer.opens(at(patient)), "confirm-treatment", reported_on="2026-04-01")
    assert told.status == 200, told.text[:600]
    report = api.ledger.history(UUID(patient)).reports[0]
    assert (str(report.reported_on), report.tells_of, report.source) == ("2026-04-01", "our_doses", "attested")
    (course,) = report.courses
    assert (course.doses_given, str(course.last_dose_on), course.completed) == (5, "2026-03-06", True)
    assert not reviewer.opens(at(api.opened("M-2"))).has_form("confirm-treatment"), "nothing to confirm"


def test_a_report_carries_its_day(api: Api, desk: Desks) -> None:
    patient, reviewer = treated(api), desk(story.NURSE)
    page = reviewer.opens(at(patient))
    reported = reviewer.sends(
        page,
        "prior-treatment",
        reported_on="2026-04-01",
        courses__0__doses_given="5",
    )
    assert reported.status == 200, reported.text[:600]
    report = api.ledger.history(UUID(patient)).reports[0]
    assert (str(report.reported_on), report.tells_of) == ("2026-04-01", None)
    assert "Report t1" in reported.text
    assert "5 doses" in reported.text, "a report is listed also where the days of its doses are not known"
    assert "Report t1" not in reviewer.opens(at(patient), as_of="2026-03-31").text.partition("Who the patient is")[0]
    refused = reviewer.sends(
        reviewer.opens(at(patient)), "prior-treatment", reported_on="2026-04-29", courses__0__doses_given="3"
    )
    assert refused.status == 422
    assert "Reported on is in the future" in refused.text


def test_a_person_says_which_doses_a_report_is_about(api: Api, desk: Desks) -> None:
    patient, reviewer = treated(api), desk(story.NURSE)
    api.reported(patient, {"completed": True})
    page = reviewer.opens(at(patient))
    told = reviewer.sends(page, "attribute-report-t1", tells_of="our_doses", reason="The office confirmed it.")
    assert told.status == 200, told.text[:600]
    assert api.ledger.history(UUID(patient)).reports[0].tells_of == "our_doses"
    again = reviewer.sends(reviewer.opens(at(patient)), "attribute-report-t1", tells_of="our_doses", reason="Again.")
    assert again.status == 422
    assert "This is on record for the report already" in again.text


def test_a_dose_after_death_is_reviewed(api: Api, desk: Desks) -> None:
    patient, reviewer = treated(api), desk(story.NURSE)
    assert not reviewer.opens(at(patient)).has_form("review-dose")
    api.did_to(patient, "death", on="2026-03-05", source="Letter of the family.")
    told = reviewer.sends(
        reviewer.opens(at(patient)), "review-dose", dose_id=f"{patient}.d5", reason="The day was misread."
    )
    assert told.status == 200, told.text[:600]
    assert api.ledger.history(UUID(patient)).doses[4].reviewed
    assert not reviewer.opens(at(patient)).has_form("review-dose")


def test_an_office_sees_its_own_patient_and_no_identifiers(api: Api, desk: Desks) -> None:
    patient = treated(api)
    own = desk(story.OFFICE).opens(at(patient))
    assert own.status == 200
    assert "M-1" not in own.text
    assert "/events" not in own.html
    assert desk(OTHER_OFFICE).opens(at(patient)).status == 404
    assert desk(ADMINISTRATOR).opens(at(patient)).status == 403


def test_an_auditor_reads_and_records_nothing(api: Api, desk: Desks) -> None:
    patient = treated(api)
    shown = desk(AUDITOR).opens(at(patient))
    assert shown.status == 200
    assert not shown.has_form("dose")
    assert "May not record the dose" in shown.text or "may not record the dose" in shown.text


def test_a_moment_that_is_none_or_to_come_is_told(api: Api, desk: Desks) -> None:
    patient, reviewer = api.opened(), desk(story.NURSE)
    for typed in ("yesterday", "0001-01-01T00:00+14:00", "9999-12-31T23:59-12:00"):
        assert reviewer.opens(at(patient), known_at=typed).status == 422, typed
    assert reviewer.opens(at(patient), known_at="2030-01-01T00:00").status == 422


def test_an_entry_of_another_agent_is_named_and_voided(api: Api, desk: Desks) -> None:
    patient, nurse = api.opened(), desk(story.NURSE)
    api.did_to(patient, "agents/started", product="Tysabry", on="2026-03", source="Claim.")
    page = nurse.opens(at(patient))
    assert "Tysabry, begun 2026-03 (not recognized, did you mean Tysabri?)" in page.text
    voided = nurse.sends(page, "void-agent", agent_entry_id=f"{patient}.g1", reason="Another person's claim.")
    assert "(voided)" in voided.text
    assert "Void an entry of another agent" not in voided.text
    assert [type(one).__name__ for one in api.ledger.events(UUID(patient))][-1] == "OtherAgentEntryVoided"
    told = api.asked(f"/patients/{patient}/person")["agents"]
    assert [(one["agent_entry_id"], one["voided"], one["nearest_names"]) for one in told] == [
        (f"{patient}.g1", True, ["Tysabri"])
    ]


def test_a_report_is_corrected(api: Api, desk: Desks) -> None:
    patient, reviewer = api.opened(), desk(story.NURSE)
    api.reported(patient, COMPLETED_ELSEWHERE)
    page = reviewer.opens(at(patient))
    told = reviewer.sends(
        page,
        "correct-report-t1",
        courses__0__doses_given="3",
        courses__0__last_dose_on="2025-03-10",
        courses__0__completed="false",
        reason="The other plan was asked again.",
    )
    assert told.status == 200, told.text[:800]
    assert "Path A" in told.text


def test_a_report_is_corrected_from_all_that_it_says(api: Api, desk: Desks) -> None:
    patient, reviewer = api.opened(), desk(story.NURSE)
    whole = {"doses_given": 5, "mg_total": 60.0, "first_dose_on": "2024-03-04", "last_dose_on": "2024-03-08"}
    api.reported(patient, whole | {"completed": True}, COMPLETED_ELSEWHERE)
    page = reviewer.opens(at(patient))
    typed = page.form("correct-report-t1").fields
    for place, said in form_texts(_first(api, patient)).items():
        if place.startswith("courses."):
            assert typed[place] == [said], place
    told = reviewer.sends(page, "correct-report-t1", reason="One date.", courses__1__last_dose_on="2025-03-11")
    assert told.status == 200, told.text[:600]
    report = api.ledger.history(UUID(patient)).reports[0]
    assert [one.mg_total for one in report.courses] == [60.0, None]
    assert str(report.courses[1].last_dose_on) == "2025-03-11"


def _first(api: Api, patient: str) -> PriorTreatmentReported:
    return next(one for one in api.ledger.events(UUID(patient)) if isinstance(one, PriorTreatmentReported))


def test_a_form_is_offered_for_what_the_domain_would_accept(api: Api, desk: Desks) -> None:
    """A course can be closed where one is open, and a dose corrected that is not voided."""
    patient, physician = api.opened(), desk(story.PHYSICIAN)
    shown = physician.opens(at(patient))
    assert not shown.has_form("close-course")
    assert "Nothing on record can be changed with this form. Record it first." in shown.text
    api.dosed(patient, "2026-04-20", "2026-04-21")
    api.did(f"/doses/{patient}.d2/void", {"actor": NURSE, "reason": "Of another patient."})
    shown = physician.opens(at(patient))
    assert options(shown.html, "close-course", "course") == ["1"]
    assert options(shown.html, "correct-dose", "dose_id") == [f"{patient}.d1"]
    assert not desk(story.NURSE).opens(at(patient)).has_form("close-course")
    closed = physician.sends(shown, "close-course", course="1", reason="Side effects.")
    assert not closed.has_form("close-course")
    assert "Course 1 is closed. Only an open course can be closed." in closed.text


def test_what_was_known_earlier_offers_no_form(api: Api, clock: Clock, desk: Desks) -> None:
    patient = treated(api)
    clock.advance(timedelta(days=1))
    then = desk(story.NURSE).opens(at(patient), known_at="2026-04-28T23:00")
    assert not then.has_form("dose")
    assert "back to now" in then.text


def options(html: str, form: str, field: str) -> list[str]:
    """The values that a field of a form can be given."""
    _, _, rest = html.partition(f'id="form-{form}"')
    _, _, rest = rest.partition(f'name="{field}"')
    return [one for one in re.findall(r'<option value="([^"]*)"', rest.partition("</select>")[0]) if one]
