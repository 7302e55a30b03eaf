"""Claim lines over HTTP: the same fields, refusals and results as in an import."""

from __future__ import annotations

import csv
import json

import pytest

from tests import story
from tests.api.files.claims import REPORTS
from tests.api.routes.commands.acts import CLAIMS, NURSE, OFFICE, Api, Json, claim, dose, refused, sent_by

OTHER_SYSTEM = sent_by(story.CLAIMS.model_copy(update={"id": "other.claims"}))


@pytest.fixture
def claims(api: Api) -> str:
    """The path of the claim lines of a patient."""
    return f"/patients/{api.opened()}/claims"


def results(answers: list[Json]) -> list[tuple[str | None, bool]]:
    return [(one["result"], one["counts"]) for one in answers]


def test_a_paid_original_is_a_dose(api: Api, claims: str) -> None:
    answer = api.did(claims, claim())
    assert (answer["result"], answer["note"], answer["counts"]) == (None, None, True)
    assert answer["recorded"] == ["DoseAdministered"]
    assert answer["dose_id"].endswith(".d1")
    refused(api.post(claims, claim()), 409, "source_reference")
    refused(api.post(claims.replace("claims", "doses"), dose(reference="C-1", source="claim")), 409, "source_reference")


def test_a_line_is_found_to_be_what_it_is(api: Api, claims: str) -> None:
    answers = [
        api.did(claims, one)
        for one in (
            claim(), claim("C-1-ADJ"), claim("C-2", "2026-04-21", 24), claim(units=10, frequency_code="7"),
            claim("C-3", "2026-04-22", claim_status="DENIED"), claim("C-2-V", None, -24, original_reference="C-2"),
            claim("C-4", "2026-04-23", claim_status="Voided"), claim("C-4", "2026-04-23"),
        )
    ]  # fmt: skip
    assert [one["result"] for one in answers] == [
        None, "second_entry", "several_days", "replacement", "denied", "void", "void_waiting", "voided_before",
    ]  # fmt: skip
    assert answers[3]["dose_id"] == answers[0]["dose_id"]
    assert answers[5]["dose_id"] == answers[2]["dose_id"]
    assert [answers[place]["dose_id"] for place in (4, 6)] == [None, None]
    assert answers[3]["note"] == "replaces the original claim, found by its own reference; both count once"


def test_a_claim_line_is_answered_with_the_entry_that_it_is_about(api: Api, claims: str) -> None:
    entry = api.did(claims, claim("CLM-1"))["dose_id"]
    voided = api.did(claims, claim("V-1", claim_status="void"))
    assert (voided["dose_id"], voided["found_by"], voided["waits"]) == (entry, "day", False)
    waiting = api.did(claims, claim("V-2", claim_status="void", original_reference="CLM-9"))
    assert (waiting["dose_id"], waiting["found_by"], waiting["waits"]) == (None, None, True)


def test_a_replacement_without_its_original_records_nothing(api: Api, claims: str) -> None:
    problem = refused(api.post(claims, claim(frequency_code="7")), 409, "original_reference")
    assert problem["type"].endswith(":original-not-on-record")
    assert api.version(claims.split("/")[2]) == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"frequency_code": "1", "units": -12}, "frequency_code, units"),
        ({"claim_status": "denied", "frequency_code": "8"}, "frequency_code, claim_status"),
        ({"original_reference": "C-0"}, "original_reference, frequency_code"),
        ({"units": 0}, "units"),
        ({"on": None}, "on"),
    ],
)
def test_a_contradiction_names_both_fields(api: Api, claims: str, values: Json, field: str) -> None:
    refused(api.post(claims, claim(**values)), 422, field)
    assert api.version(claims.split("/")[2]) == 1


@pytest.mark.parametrize(
    ("values", "field", "problem"),
    [
        ({"claim_status": "pending"}, "claim_status", 'this claim status "pending" is not one that is read; send paid'),
        ({"claim_status": "Alma"}, "claim_status", "this claim status is not one that is read; send paid, denied"),
        ({"frequency_code": "6"}, "frequency_code", "this frequency code 6 (adjustment of a prior claim) is not read"),
        ({"units": 12.5}, "units", "this is not a whole number"),
        ({"hcpcs": "J1303"}, "hcpcs", "this is not one of the values"),
        ({"member": "M-1"}, "member", "this field does not exist"),
    ],
)
def test_a_value_that_is_not_read_is_refused_by_its_field(
    api: Api, claims: str, values: Json, field: str, problem: str
) -> None:
    answer = refused(api.post(claims, claim(**values)), 422, field)
    assert answer["errors"][0]["problem"].lower().startswith(problem.lower())


def test_a_system_replaces_and_voids_only_its_own_claims(api: Api, claims: str) -> None:
    api.did(claims, claim())
    void = claim(units=-12)
    refused(api.post(claims, void | {"actor": OTHER_SYSTEM}), 403, "actor.id")
    refused(api.post(claims, claim("C-2", "2026-04-21") | {"actor": OFFICE}), 403, "actor.role")
    assert api.did(claims, void | {"actor": NURSE})["result"] == "void"


def test_a_repeated_key_gets_the_same_answer(api: Api, claims: str) -> None:
    for line in (claim(), claim(units=10, frequency_code="7"), claim("C-2", "2026-04-21", -12)):
        first = api.did(claims, line, key=f"k-{line['units']}")
        assert api.did(claims, line, key=f"k-{line['units']}") == first


def sent(api: Api, path: str, report: str) -> list[Json]:
    """The answers to the lines of a field report, one after another."""
    rows = list(csv.DictReader((REPORTS / report).read_text().splitlines()))
    names = {"claim_reference": "reference", "date_of_service": "on", "member": None}
    lines = [{names.get(column, column): value for column, value in row.items()} for row in rows]
    return [
        api.did(
            path, {name: value for name, value in line.items() if name} | {"actor": CLAIMS, "units": int(line["units"])}
        )
        for line in lines
    ]


def test_f1_adjusted_claims_wait_for_a_person(api: Api, claims: str) -> None:
    answers = sent(api, claims, "F1-adjusted-claims.csv")
    assert results(answers) == [(None, True)] * 3 + [("second_entry", False)] * 3
    answer = api.eligibility(claims.split("/")[2])
    assert (answer["doses_given"], answer["courses_completed"]) == (3, 0)


def test_f3_lines_that_were_not_paid_are_no_infusions(api: Api, claims: str) -> None:
    assert results(sent(api, claims, "F3-status-column.csv")) == [("denied", False), ("void_waiting", False)]


# -- lines in whatever order they come ---------------------------------------------------------


def withdrawn(api: Api, path: str) -> list[bool]:
    """Whether the claim of each dose entry is voided, by the courses that the API lists."""
    answer = api.asked(f"{path.removesuffix('/claims')}/courses")
    entries = [dose for course in answer["courses"] for dose in course["doses"]] + answer["other_entries"]
    return [one["claim_voided"] for one in sorted(entries, key=lambda one: one["dose_id"])]


def waiting(api: Api, path: str) -> list[str]:
    lines = api.asked(f"{path.removesuffix('/claims')}/courses")["claim_lines"]
    return [one["source_reference"] for one in lines if one["waits"]]


def test_a_denied_claim_that_is_paid_as_a_replacement_is_one_dose(api: Api, claims: str) -> None:
    api.did(claims, claim("C-10", claim_status="denied"))
    paid = api.did(claims, claim("C-11", frequency_code="7", original_reference="C-10"))
    assert (paid["result"], paid["counts"]) == ("replacement", True)
    assert paid["recorded"] == ["DoseAdministered", "ClaimLineRecorded"]
    refused(api.post(claims, claim("C-10")), 409, "source_reference")


def test_a_void_that_comes_first_finds_its_claim_by_the_day(api: Api, claims: str) -> None:
    assert api.did(claims, claim("V-1", units=-12))["waits"] is True
    first = api.did(claims, claim())
    assert (first["result"], first["counts"], withdrawn(api, claims)) == ("voided_before", True, [True])
    assert waiting(api, claims) == []


def test_a_named_original_that_is_not_on_record_is_not_the_line_itself(api: Api, claims: str) -> None:
    api.did(claims, claim())
    void = api.did(claims, claim(units=-12, original_reference="C-9"))
    assert (void["waits"], withdrawn(api, claims)) == (True, [False])
    refused(api.post(claims, claim(frequency_code="7", original_reference="C-9")), 409, "original_reference")


def test_two_voids_that_wait_are_settled_by_their_claim(api: Api, claims: str) -> None:
    for reference in ("V-1", "V-2"):
        assert api.did(claims, claim(reference, None, -12, original_reference="C-1"))["waits"] is True
    assert api.did(claims, claim())["recorded"] == ["DoseAdministered", "ClaimVoided", "ClaimVoided"]
    assert (withdrawn(api, claims), waiting(api, claims)) == ([True], [])


@pytest.mark.parametrize("places", [(0, 1, 2), (0, 2, 1), (2, 0, 1)])
def test_a_void_of_a_day_with_two_claims_waits_in_any_order(api: Api, claims: str, places: tuple[int, ...]) -> None:
    lines = (claim("C-1"), claim("C-2"), claim("V-1", units=-12))
    for place in places:
        api.did(claims, lines[place])
    assert (withdrawn(api, claims), waiting(api, claims)) == ([False, False], ["V-1"])
    named = api.did(claims, claim("V-1", None, -12, original_reference="C-1"))
    assert (named["result"], named["waits"], waiting(api, claims)) == ("void", False, [])


def test_a_voided_claim_that_is_replaced_counts_and_says_so(api: Api, claims: str) -> None:
    api.did(claims, claim())
    api.did(claims, claim("V-1", None, -12, original_reference="C-1"))
    answer = api.did(claims, claim("C-1-R", frequency_code="7", original_reference="C-1"))
    assert answer["note"].endswith("; the claim was voided before, and counts again")
    (course,) = api.asked(f"{claims.removesuffix('/claims')}/courses")["courses"]
    assert (course["doses_given"], course["doses"][0]["replaced_after_void"]) == (1, True)


def test_f9_control_characters_in_a_name_are_refused(api: Api) -> None:
    report = json.loads((REPORTS / "F9-escape.jsonl").read_text())
    body = {name: report[name] for name in ("member", "name", "birth_date")} | {"actor": NURSE}
    (error,) = refused(api.post("/patients", body), 422, "name")["errors"]
    assert error["problem"].lower().startswith("the text contains a control character")
    refused(api.post("/patients/find", {"actor": NURSE, "member": report["member"]}), 404, "member")


@pytest.mark.parametrize("between", ["\n", "\t", "\u202e", "\u2028"])
def test_f9_a_name_a_member_id_or_a_reference_of_several_lines_is_refused(api: Api, between: str) -> None:
    words = "the text contains a line break, a tab, or a mark of writing direction"
    body = {"actor": NURSE, "member": {"member_id": "T-9"}, "name": "Ana Synthetic"}
    for faulty in ({"name": f"Ana{between}S"}, {"member": {"member_id": f"T{between}9"}}):
        (error,) = refused(api.post("/patients", body | faulty), 422)["errors"]
        assert error["problem"].lower().startswith(words)
    patient = api.opened()
    for faulty in ({"source_reference": f"C{between}1"}, {"site": f"East{between}Center"}):
        sent = {"actor": CLAIMS, "on": "2026-04-20", "mg": 12, "source": "other", "source_reference": "C-1"} | faulty
        (error,) = refused(api.post(f"/patients/{patient}/doses", sent), 422)["errors"]
        assert error["problem"].lower().startswith(words)
    reason = "One line.\n\tAnother line."
    corrected = {"actor": NURSE, "name": "Ana Synthetic", "reason": reason}
    assert api.post(f"/patients/{patient}/correct-demographics", corrected).status_code == 200


def test_a_service_voids_its_own_dose_of_another_source(api: Api, claims: str) -> None:
    infused = dose(reference="I-1", source="infusion_centre") | {"actor": CLAIMS}
    entry = api.did(claims.replace("claims", "doses"), infused)["dose_id"]
    void = claim("I-1", claim_status="void") | {"actor": CLAIMS}
    assert api.did(claims, void)["waits"], "a claim with this reference is not on record"
    answer = api.did(claims, void | {"source": "infusion_centre"})
    assert (answer["result"], answer["dose_id"], answer["waits"]) == ("void", entry, False)
    refused(api.post(claims, claim("I-1", source="clinic")), 422, "source")
