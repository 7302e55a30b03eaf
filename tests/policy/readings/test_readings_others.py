"""R14 to R16, R19 to R21 and R24 to R26. A test's name carries the number of its reading."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import EditionUnknown
from domain.facts import Circumstances
from domain.people import Prescriber
from domain.policy.edition import Question
from domain.policy.editions import EDITIONS, edition_for, edition_named
from domain.policy.referral import codes_against_form
from domain.review.assess_request import assessed_specialty
from tests.policy.cases import AS_OF, MET, NOT_MET, UNDETERMINED, answer, day, initial, judge, later

SIGNS = {
    "1.A.iii.d(1)": "rapid_deterioration",
    "1.A.iii.d(2)": "disabling_relapses",
    "1.A.iii.d(3)": "mri",
    "1.A.iii.d(4)": "cognitive_impairment",
}


@pytest.mark.parametrize(
    ("finding", "documentation", "expected"),
    [
        (True, "attached", MET),
        (True, "not_attached", UNDETERMINED),
        (True, None, UNDETERMINED),
        (True, "none_exists", NOT_MET),
        (None, "attached", UNDETERMINED),
        (None, "not_attached", UNDETERMINED),
        (None, None, UNDETERMINED),
        (None, "none_exists", NOT_MET),
        (False, "attached", NOT_MET),
        (False, "not_attached", NOT_MET),
        (False, None, NOT_MET),
        (False, "none_exists", NOT_MET),
    ],
)
@pytest.mark.parametrize(("citation", "sign"), SIGNS.items())
def test_R14_every_finding_with_every_state_of_its_document(
    citation: str, sign: str, finding: bool | None, documentation: str | None, expected: str
) -> None:
    facts = initial(**{f"aggressive_disease__{sign}": {"finding": finding, "documentation": documentation}})
    assert answer(citation, facts) == expected


def test_R14_what_is_missing_is_the_finding_or_else_the_document() -> None:
    def missing(sign: dict[str, Any]) -> tuple[str, ...]:
        return judge(initial(aggressive_disease__mri=sign)).finding("1.A.iii.d(3)").missing

    assert missing({"finding": True}) == ("aggressive_disease.mri.documentation",)
    assert missing({"documentation": "attached"}) == ("aggressive_disease.mri.finding",)


CODES = {"G35.A": "relapsing", "G35.C1": "relapsing"} | dict.fromkeys(
    ("G35.B0", "G35.B1", "G35.B2", "G35.C2"), "non_relapsing"
)
SILENT = ("G35.C0", "G35.D", "G35", "H46.9")


@pytest.mark.parametrize("code", [*CODES, *SILENT])
@pytest.mark.parametrize("written", [str.upper, str.lower, lambda code: code.replace(".", "")])
def test_R15_a_code_that_contradicts_a_relapsing_form_refers(code: str, written: Any) -> None:
    judged = judge(initial(), circumstances=Circumstances(diagnosis_codes=(written(code),)))
    contradicts = CODES.get(code) == "non_relapsing"
    assert judged.recommendation == ("refer" if contradicts else "approve")
    assert [one.code for one in judged.reasons] == (["diagnosis_code_contradicts"] if contradicts else [])
    assert judged.finding("1.A.ii").answer.value == MET


@pytest.mark.parametrize("code", [*CODES, *SILENT])
@pytest.mark.parametrize(
    ("form", "contradicted_by"),
    [
        ("relapsing_remitting", "non_relapsing"),
        ("active_secondary_progressive", "non_relapsing"),
        ("primary_progressive", "relapsing"),
        ("non_active_secondary_progressive", "relapsing"),
        ("clinically_isolated_syndrome", "relapsing"),
        ("secondary_progressive_activity_unknown", None),
        (None, None),
    ],
)
def test_R15_which_codes_contradict_which_form(code: str, form: str | None, contradicted_by: str | None) -> None:
    question = Question(initial(ms_form=form), AS_OF, EDITIONS[0])
    against = codes_against_form(question, Circumstances(diagnosis_codes=(code,)))
    assert against == ([code] if contradicted_by and CODES.get(code) == contradicted_by else [])


def test_R15_a_code_never_answers_for_the_prescriber() -> None:
    judged = judge(initial(ms_form=None), circumstances=Circumstances(diagnosis_codes=("G35.A",)))
    assert judged.finding("1.A.ii").answer.value == UNDETERMINED


@pytest.mark.parametrize(
    ("change", "exclusion"),
    [
        ({"ms_form": "clinically_isolated_syndrome"}, "NR.1"),
        ({"other_dmt_continues": True}, "NR.2"),
        ({"hiv_infection": True}, "NR.3"),
        ({"ms_form": "primary_progressive"}, "NR.4"),
    ],
)
def test_R16_exclusions_beat_criteria_and_whatever_is_unknown(change: dict[str, Any], exclusion: str) -> None:
    for facts in (initial(**change), later(**change), initial(birth_date=None, diagnosis=None, **change)):
        judged = judge(facts)
        assert (judged.recommendation, judged.exclusions) == ("not_recommended", (exclusion,))


@pytest.mark.parametrize(("fact", "exclusion"), [("other_dmt_continues", "NR.2"), ("hiv_infection", "NR.3")])
def test_R16_unknown_is_not_no(fact: str, exclusion: str) -> None:
    judged = judge(initial(**{fact: None}))
    assert (judged.recommendation, judged.needed) == ("pend", (exclusion,))


def test_R16_the_isolated_syndrome_excludes_also_where_ms_has_not_been_diagnosed() -> None:
    form = "clinically_isolated_syndrome"
    for diagnosis in ("multiple_sclerosis", "other", None):
        assert answer("NR.1", initial(ms_form=form, diagnosis=diagnosis)) == MET
    assert answer("NR.4", initial(ms_form="primary_progressive", diagnosis="other")) == NOT_MET
    assert answer("NR.4", initial(ms_form="primary_progressive", diagnosis=None)) == MET


@pytest.mark.parametrize(("specialty", "expected"), [("neurology", MET), ("ms_specialist", MET), ("other", NOT_MET)])
def test_R19_a_specialist_prescribes_or_is_consulted(specialty: str, expected: str) -> None:
    assert answer("1.A.iv", initial(prescriber_specialty=specialty)) == expected
    assert answer("1.B.v", later(prescriber_specialty="other", consulted_specialty=specialty)) == expected


@pytest.mark.parametrize(
    ("credential", "counts"),
    [("physician", "neurology"), ("nurse_practitioner", "other"), ("physician_assistant", "other")],
)
def test_R19_a_nurse_practitioner_in_neurology_needs_the_consultation(credential: Any, counts: str) -> None:
    prescriber = Prescriber(name="N. N.", specialty="neurology", credential=credential)
    assert assessed_specialty(prescriber) == counts


@pytest.mark.parametrize("fact", ["active_infection", "hypersensitivity"])
def test_R20_a_known_contraindication_refers_and_an_unknown_one_is_not_asked(fact: str) -> None:
    judged = judge(initial(**{fact: True}))
    assert (judged.recommendation, judged.path, [one.code for one in judged.reasons]) == ("refer", "A", [fact])
    assert judge(initial(**{fact: False})).recommendation == "approve"
    assert judge(initial(**{fact: None})).recommendation == "approve"


def test_R20_safety_statements_never_deny() -> None:
    stated = Circumstances(rems_enrolled=False, progressive_multifocal_leukoencephalopathy=True)
    judged = judge(initial(birth_date="2009-04-28"), circumstances=stated)
    assert judged.recommendation == "approve"
    assert len(judged.advisories) == 3
    for said in ("is not enrolled", "leukoencephalopathy", "younger than 18"):
        assert any(said in one for one in judged.advisories), said


def test_R20_no_advisory_where_no_statement_calls_for_one() -> None:
    assert judge(initial(birth_date="2008-04-28"), circumstances=Circumstances(rems_enrolled=True)).advisories == ()


def test_R21_the_edition_in_force_on_the_day() -> None:
    expected = {
        "2023-11-15": "2023-11-15",
        "2024-10-08": "2023-11-15",
        "2024-10-09": "2024-10-09",
        "2024-10-15": "2024-10-09",
        "2024-10-16": "2024-10-16",
        "2025-07-22": "2024-10-16",
        "2025-07-23": "2025-07-23",
        "2199-01-01": "2025-07-23",
    }
    assert {on: edition_for(day(on)).key for on in expected} == expected


def test_R21_before_the_first_edition_there_is_an_error_that_says_so() -> None:
    with pytest.raises(EditionUnknown, match=r"2023-11-14.*the oldest version on file is 2023-11-15"):
        edition_for(day("2023-11-14"))


@pytest.mark.parametrize("key", ["2025-07-22", "2025-07", "", "unknown"])
def test_R21_an_edition_is_named_by_its_review_date_only(key: str) -> None:
    assert [edition_named(one.key) for one in EDITIONS] == list(EDITIONS)
    with pytest.raises(EditionUnknown, match="send one of 2025-07-23, 2024-10-16, 2024-10-09, 2023-11-15"):
        edition_named(key)


def test_R21_the_edition_is_named_in_the_assessment_with_revision_and_digest() -> None:
    for edition in EDITIONS:
        judged = judge(initial(), AS_OF, edition)
        named = judged.edition, judged.edition_revision, judged.edition_digest, judged.edition_provenance
        assert named == (edition.key, edition.revision, edition.digest, edition.provenance)


def _departure(**known: bool) -> tuple[str, list[str], list[tuple[str, ...]]]:
    judged = judge(later(), circumstances=Circumstances(**known))
    return judged.recommendation, [one.code for one in judged.reasons], [one.readings for one in judged.reasons]


def test_R24_a_short_earlier_course_sends_every_recommendation_to_a_clinician() -> None:
    assert _departure(course_short=True) == ("refer", ["course_short"], [("R24",)])
    assert _departure() == ("approve", [], [])
    for known in (True, None):
        judged = judge(later(hiv_infection=known), circumstances=Circumstances(course_short=True))
        assert (judged.recommendation, [one.code for one in judged.reasons]) == ("refer", ["course_short"])


def test_R25_a_second_report_of_the_same_last_dose_changes_no_answer() -> None:
    def answers(last: str | None) -> list[str]:
        course = {"number": 1, "doses_given": 2, "last_dose_on": last}
        judged = judge(later(prior_treatment={"last_dose_on": "2025-04-28", "open_course": course}))
        return [judged.recommendation, *(one.answer.value for one in judged.findings)]

    assert answers("2025-04-28") == answers(None)
    assert answers("2025-04-29") != answers(None), "another day is another dose"


def test_R26_a_course_closed_unfinished_is_path_B_and_a_clinicians() -> None:
    assert _departure(course_closed_unfinished=True) == ("refer", ["course_closed_unfinished"], [("R26",)])


def test_R26_never_softens_what_is_not_recommended_or_open() -> None:
    departed = Circumstances(course_closed_unfinished=True)
    assert judge(later(hiv_infection=True), circumstances=departed).recommendation == "not_recommended"
    assert judge(later(hiv_infection=None), circumstances=departed).recommendation == "pend"
    silent = later(requested_dosing={})
    assert judge(silent, circumstances=departed).needed == (), "no dosing could turn this into an approval"
    assert judge(silent).needed == ("Dosing.B",)
