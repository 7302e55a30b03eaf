"""Years of another record come in: each line once, and what is refused is said with its reason."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from api.files.import_intake import Intake, LineOutcome
from api.files.import_lines import json_schema
from api.routes.requests import request_answer
from api.routes.schemas import request_summary
from api.text.eligibility import eligibility_rows
from domain.commands.appeals import FileAppeal
from domain.commands.treatment import ReportPriorTreatment
from domain.events.base import ImportedFrom
from domain.events.determinations import PastDeterminationImported
from domain.events.patient import Member
from domain.events.requests import RequestSubmitted
from domain.history.state import PatientHistory
from domain.ledger.application import Ledger
from domain.permissions.views import ShownVersions
from projections.audit_trail import audit_trail
from projections.courses import course_list
from projections.eligibility import eligibility
from projections.request_status import request_status
from projections.worklist.rows import worklist_rows
from tests import ROOT
from tests.api.cli.test_questions import PROGRAM
from tests.story import IMPORTER

PERSON = {"kind": "history", "reference": "H-1", "member": {"member_id": "M-1"}, "name": "Alma Synthetic",
          "birth_date": "1988-05-17"}  # fmt: skip
REQUEST = {"kind": "request", "reference": "R-1", "member": {"member_id": "M-1"},
           "received_at": "2024-02-20T09:00:00-05:00", "line_of_business": "commercial"}  # fmt: skip
APPROVED = {"kind": "determination", "reference": "D-1", "member": {"member_id": "M-1"}, "request": "R-1",
            "outcome": "approved", "decided_on": "2024-02-28", "edition": "unknown"}  # fmt: skip
CLAIMS = "member,date_of_service,hcpcs,units,claim_reference\n"


def dose(day: int, **values: Any) -> dict[str, Any]:
    member = {"member_id": "M-1"}
    return {"kind": "dose", "reference": f"I-{day}", "member": member, "on": f"2024-03-{day:02}", "mg": 12} | values


def claim(day: int, units: object = 12, member: str = "M-1", hcpcs: str = "J0202") -> str:
    return f"{member},2024-03-{day:02},{hcpcs},{units},C-{day}\n"


@pytest.fixture
def intake(ledger: Ledger) -> Intake:
    return Intake(ledger, "old", IMPORTER)


def lines(*values: dict[str, Any]) -> list[bytes]:
    return [json.dumps(one).encode() + b"\n" for one in values]


def fates(outcomes: Iterator[LineOutcome]) -> list[str]:
    return [one.fate for one in outcomes]


def history(ledger: Ledger, member: str = "M-1") -> PatientHistory:
    patient_id = ledger.find(Member(member_id=member))
    assert patient_id is not None
    return ledger.history(patient_id)


def test_years_come_in_and_decide_the_path_of_today(intake: Intake, ledger: Ledger) -> None:
    told = fates(intake.json_lines(lines(PERSON, REQUEST, APPROVED, *map(dose, range(4, 9)))))
    assert told == ["recorded"] * 8
    now = eligibility(history(ledger), date(2026, 4, 28))
    assert (now.path, now.courses_completed, str(now.next_course_from)) == ("B", 1, "2025-03-08")
    assert [one.variances for one in course_list(history(ledger), date(2026, 4, 28)).courses[0].doses] == [()] * 5


def test_what_was_imported_says_so_wherever_it_shows(intake: Intake, ledger: Ledger) -> None:
    list(intake.json_lines(lines(PERSON, REQUEST, APPROVED, dose(4))))
    known = history(ledger)
    trail = audit_trail(ledger.events(known.patient_id))
    assert [one.imported_from.reference if one.imported_from else None for one in trail] == ["H-1", "R-1", "D-1", "I-4"]
    assert [one.happened for one in trail[1:]] == ["2024-02-20T14:00:00+00:00", "2024-02-28", "2024-03-04"]
    assert {one.recorded_at.date() for one in trail} == {date(2026, 4, 28)}
    life = request_status(known, known.requests[0], ledger.zone, ledger.now())
    assert life.imported_from is not None
    assert life.decisions[0].imported_from is not None
    assert (life.decisions[0].kind, life.decisions[0].edition) == ("imported", "unknown")
    assert life.approvals[0].imported_from is not None
    shown = course_list(known, date(2026, 4, 28)).courses[0].doses[0]
    assert shown.imported_from is not None


def test_an_answer_names_the_imports_that_it_rests_on(intake: Intake, ledger: Ledger) -> None:
    approved = APPROVED | {"decided_on": "2024-03-01", "edition": "2023-11-15", "decided_by": "Old Doctor"}
    in_force = {"doses_approved": 5, "valid_from": "2024-03-01", "valid_through": "2024-03-30"}
    list(intake.json_lines(lines(PERSON, REQUEST, approved | in_force, dose(4))))
    known = history(ledger)
    answer = eligibility(known, date(2024, 3, 5))
    assert [one.reference for one in answer.imported] == ["H-1", "I-4", "R-1", "D-1"]
    assert answer.approval is not None
    assert (answer.approval.imported_from, answer.doses_usable) == (ImportedFrom(source="old", reference="D-1"), 4)
    before = eligibility(known, date(2024, 2, 1))
    assert [one.reference for one in before.imported] == ["H-1"], "no dose, request or approval yet"
    assert ("Imported", "based on 4 lines of old") in list(eligibility_rows(answer, "UTC"))


def test_a_request_over_http_says_how_another_record_determined_it(intake: Intake, ledger: Ledger) -> None:
    denied = {"outcome": "denied", "edition": "2023-11-15", "citing": ["1.A.iii"], "decided_by": "Old Doctor",
              "rationale": "No agent was tried."}  # fmt: skip
    list(intake.json_lines(lines(PERSON, REQUEST, APPROVED | denied)))
    known = history(ledger)
    shown = request_answer(known, known.requests[0], None, None, ShownVersions(known.patient_id, known.version)).request
    assert (shown.status, shown.determination, shown.imported_from) == ("denied", None, known.requests[0].imported_from)
    past = shown.past_determination
    assert past is not None
    assert (past.outcome, past.decided_by_name, past.rationale) == ("denied", "Old Doctor", "No agent was tried.")
    assert (past.edition, past.provenance, past.citing) == ("2023-11-15", "reconstructed", ("1.A.iii",))
    assert past.imported_from == ImportedFrom(source="old", reference="D-1")
    assert request_summary(known.requests[0]).imported_from == ImportedFrom(source="old", reference="R-1")


def test_what_waits_says_that_its_request_was_imported(intake: Intake, ledger: Ledger) -> None:
    list(intake.json_lines(lines(PERSON, REQUEST)))
    known = history(ledger)
    (waiting,) = worklist_rows(known, date(2026, 4, 28), ledger.zone)
    assert (waiting.subject_id, waiting.imported) == (known.requests[0].request_id, True)
    list(intake.json_lines(lines(APPROVED | {"outcome": "denied", "citing": ["1.A.iii"]})))
    filed = {"received_at": "2026-04-28T15:00:00Z", "grounds": "x", "filer": {"name": "Alma", "relation": "patient"}}
    command = FileAppeal.model_validate({"request_id": known.requests[0].request_id} | filed)
    ledger.execute(known.patient_id, command, IMPORTER)
    (appealed,) = worklist_rows(history(ledger), date(2026, 4, 28), ledger.zone)
    assert (appealed.kind, appealed.imported) == ("appeal", True)


def test_a_reported_course_says_that_its_report_was_imported(intake: Intake, ledger: Ledger) -> None:
    told = {"kind": "prior_treatment", "reference": "T-1", "member": {"member_id": "M-1"}, "source": "other_plan",
            "courses": [{"doses_given": 5, "last_dose_on": "2022-03", "completed": True}]}  # fmt: skip
    list(intake.json_lines(lines(PERSON, told)))
    (course,) = course_list(history(ledger), date(2026, 4, 28)).courses
    assert (course.report_id, course.imported_from) == (
        history(ledger).reports[0].report_id,
        ImportedFrom(source="old", reference="T-1"),
    )
    assert [one.reference for one in eligibility(history(ledger), date(2026, 4, 28)).imported] == ["H-1", "T-1"]


def test_a_report_is_of_the_day_on_which_it_was_made(intake: Intake, ledger: Ledger) -> None:
    told = {"kind": "prior_treatment", "reference": "T-1", "member": {"member_id": "M-1"}, "source": "other_plan",
            "reported_on": "2025-03-15", "courses": [{"doses_given": 5, "last_dose_on": "2025"}]}  # fmt: skip
    assert fates(intake.json_lines(lines(PERSON, told, told))) == ["recorded", "recorded", "recorded before"]
    assert history(ledger).reports[0].reported_on == date(2025, 3, 15)
    later = told | {"reference": "T-2", "courses": [{"last_dose_on": "2025-03-16"}]}
    tomorrow = told | {"reference": "T-3", "reported_on": "2026-04-29"}
    refused = [(one.fate, one.field) for one in intake.json_lines(lines(later, tomorrow))]
    assert refused == [("refused", "courses.0.last_dose_on"), ("refused", "reported_on")]


@pytest.mark.parametrize(
    ("course", "field"),
    [
        ({"doses_given": 2, "completed": True}, "courses.0.doses_given"),
        ({"doses_given": 8}, "courses.0.doses_given"),
        ({"doses_given": 5, "completed": False}, "courses.0.completed"),
    ],
)
def test_a_line_of_what_no_course_can_be_is_refused(
    intake: Intake, ledger: Ledger, course: dict[str, Any], field: str
) -> None:
    told = {"kind": "prior_treatment", "reference": "T-1", "member": {"member_id": "M-1"}, "source": "other_plan",
            "courses": [course]}  # fmt: skip
    (_, outcome) = intake.json_lines(lines(PERSON, told))
    assert (outcome.fate, outcome.field) == ("refused", field)
    assert history(ledger).reports == ()


def test_a_line_that_an_earlier_program_imported_is_recognized() -> None:
    """The digest of a command is over its JSON, so fields that were added later are left out at their defaults."""
    command = ReportPriorTreatment(source="other_plan", reference="T-1", courses=())
    assert json.loads(command.model_dump_json()) == {"source": "other_plan", "reference": "T-1", "courses": []}


def test_a_late_fact_changes_today_and_never_yesterday(intake: Intake, ledger: Ledger) -> None:
    list(intake.json_lines(lines(PERSON)))
    before = ledger.now()
    list(intake.json_lines(lines(*map(dose, range(4, 9)))))
    patient_id = history(ledger).patient_id
    then = eligibility(ledger.history(patient_id, known_at=before), date(2026, 4, 28))
    assert (then.path, eligibility(history(ledger), date(2026, 4, 28)).path) == (None, "B")


def test_each_line_is_recorded_once_by_its_reference(intake: Intake, ledger: Ledger) -> None:
    sent = lines(PERSON, REQUEST, APPROVED, dose(4))
    assert fates(intake.json_lines(sent)) == ["recorded"] * 4
    stored = history(ledger).version
    assert fates(intake.json_lines(sent)) == ["recorded before"] * 4
    assert history(ledger).version == stored


def test_another_line_with_a_known_reference_is_refused(intake: Intake) -> None:
    list(intake.json_lines(lines(PERSON, dose(4))))
    (outcome,) = intake.json_lines(lines(dose(5, reference="I-4")))
    assert (outcome.fate, outcome.field) == ("refused", "reference")


def test_the_same_reference_of_another_source_is_another_line(intake: Intake, ledger: Ledger) -> None:
    list(intake.json_lines(lines(PERSON, dose(4))))
    other = Intake(ledger, "new", IMPORTER)
    assert fates(other.json_lines(lines(REQUEST))) == ["recorded"]
    assert fates(intake.json_lines(lines(REQUEST))) == ["recorded"]


@pytest.mark.parametrize(
    ("line", "field", "cause"),
    [
        (b"{", None, "not JSON"),
        (b"\xff{}", "byte 1", "not UTF-8"),
        (b'{"kind": "surgery"}', None, "this kind does not exist"),
        (b"[]", None, "this is not an object"),
        (json.dumps(dose(4, reference="two words")).encode(), "reference", "the text has a character"),
        (json.dumps(dose(4, on="2026-04-29")).encode(), "on", "the date of the dose is in the future"),
        (json.dumps(dose(4, mg=0)).encode(), "mg", "the number is too small"),
        (json.dumps(dose(4, member={"member_id": "M-9"})).encode(), "member", "this member has not been added"),
        (json.dumps(APPROVED).encode(), "request", "no request was imported with that reference"),
        (json.dumps(dose(4, surprise=1)).encode(), "surprise", "this field does not exist"),
    ],
)
def test_a_bad_line_is_refused_with_its_reason_and_the_others_are_recorded(
    intake: Intake, line: bytes, field: str | None, cause: str
) -> None:
    list(intake.json_lines(lines(PERSON)))
    refused, recorded = intake.json_lines([line + b"\n", *lines(dose(6))])
    assert (refused.fate, refused.line_number, recorded.fate) == ("refused", 1, "recorded")
    assert refused.field == field
    assert str(refused.cause).startswith(cause)
    assert refused.remedy
    assert "M-9" not in str(refused)


# -- claim lines ------------------------------------------------------------------------------


def test_twelve_units_are_a_dose_day_and_other_amounts_show_their_variance(intake: Intake, ledger: Ledger) -> None:
    list(intake.json_lines(lines(PERSON)))
    sent = CLAIMS + "".join(map(claim, range(4, 8))) + claim(8, 10)
    assert fates(intake.claims(sent.encode().splitlines(keepends=True))) == ["recorded"] * 5
    doses = course_list(history(ledger), date(2026, 4, 28)).courses[0].doses
    assert [(one.mg, "not_12_mg" in one.variances, one.source) for one in doses] == [
        *[(12.0, False, "claim")] * 4,
        (10.0, True, "claim"),
    ]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (claim(4, hcpcs="J1303"), "hcpcs"),
        (claim(4, 0), "units"),
        (claim(4, "twelve"), "units"),
        (claim(4, "12.5"), "units"),
        (claim(40), "date_of_service"),
        ("M-1,2024-03-04,J0202,12\n", None),
        ("M-1,2024-03-04,J0202,12,\n", "claim_reference"),
        (",2024-03-04,J0202,12,C-1\n", "member"),
        (claim(4, member="M-2"), "member"),
    ],
)
def test_a_bad_claim_line_is_refused_by_its_column(intake: Intake, row: str, field: str | None) -> None:
    list(intake.json_lines(lines(PERSON)))
    refused, recorded = intake.claims((CLAIMS + row + claim(9)).encode().splitlines(keepends=True))
    assert (refused.fate, refused.line_number, refused.field, recorded.fate) == ("refused", 2, field, "recorded")


def test_a_refused_line_is_named_by_its_reference_where_that_can_be_read(intake: Intake) -> None:
    list(intake.json_lines(lines(PERSON)))
    faulty = lines(dose(5, mg=-1), dose(6, reference="Alma Synthetic"), {"kind": "dose"}, {"kind": "M-1"})
    told = [(one.kind, one.reference) for one in (*intake.json_lines(faulty), *intake.json_lines([b"[]", b"{"]))]
    assert told == [("dose", "I-5"), ("dose", None), ("dose", None), (None, None), (None, None), (None, None)]
    rows = CLAIMS + claim(4, hcpcs="J9999") + claim(5, units="many") + "M-1,2024-03-06\n"
    refused = list(intake.claims(rows.encode().splitlines(keepends=True)))
    assert [(one.kind, one.reference) for one in refused] == [("claim", "C-4"), ("claim", "C-5"), (None, None)]
    assert "(line 2, C-4, hcpcs)" in str(refused[0])


def test_a_file_without_a_column_is_refused_at_its_header(intake: Intake) -> None:
    (outcome,) = intake.claims([b"member,date_of_service,units,claim_reference\n", claim(4).encode()])
    assert (outcome.fate, outcome.cause) == ("refused", "the column hcpcs is missing")


def test_a_claim_after_the_infusion_centers_report_is_a_possible_duplicate(intake: Intake, ledger: Ledger) -> None:
    """Two reports of one dose count once (R25), also where one of them comes with an import."""
    list(intake.json_lines(lines(PERSON, dose(4, source="infusion_centre"))))
    list(intake.claims((CLAIMS + claim(4)).encode().splitlines(keepends=True)))
    assert [one.duplicate for one in history(ledger).doses] == ["no", "possible"]


# -- past determinations ----------------------------------------------------------------------


def test_a_past_determination_carries_the_edition_that_the_source_knows(intake: Intake, ledger: Ledger) -> None:
    denied = APPROVED | {"outcome": "denied", "edition": "2023-11-15", "citing": ["1.A.iii"]}
    assert fates(intake.json_lines(lines(PERSON, REQUEST, denied))) == ["recorded"] * 3
    events = ledger.events(history(ledger).patient_id)
    assert [type(one) for one in events[1:]] == [RequestSubmitted, PastDeterminationImported]
    assert history(ledger).requests[0].status == "denied"


def test_an_edition_that_nobody_knows_is_refused(intake: Intake) -> None:
    (*_, outcome) = intake.json_lines(lines(PERSON, REQUEST, APPROVED | {"edition": "2020-01-01"}))
    assert (outcome.fate, outcome.field) == ("refused", "edition")


# -- the schema and the program ---------------------------------------------------------------


def test_the_published_schema_is_current() -> None:
    published = ROOT / "api" / "files" / "import.schema.json"
    assert json.loads(published.read_text()) == json_schema()


def program(*arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, "import", *arguments], check=False, capture_output=True, text=True, timeout=120, **more
    )


def test_the_command_reports_counts_and_the_lines_that_were_refused(tmp_path: Path) -> None:
    file, url = tmp_path / "old.jsonl", f"sqlite:///{tmp_path / 'l.sqlite'}"
    file.write_bytes(b"".join(lines(PERSON, dose(4), dose(5, mg=-1))))
    ran = program(str(file), "--database", url, "--time-zone", "America/New_York")
    assert (ran.returncode, ran.stdout) == (2, "2 recorded, 0 recorded before, 1 refused\n")
    assert "line 3" in ran.stderr
    assert ran.stderr.count("\n") == 1
    again = program(str(file), "--database", url, "--json")
    assert [json.loads(line)["fate"] for line in again.stdout.splitlines()] == [
        "recorded before", "recorded before", "refused",
    ]  # fmt: skip


def test_a_killed_import_is_run_again_and_loses_and_doubles_nothing(tmp_path: Path) -> None:
    file, url = tmp_path / "years.jsonl", f"sqlite:///{tmp_path / 'l.sqlite'}"
    people = [
        PERSON | {"reference": f"H-{number}", "member": {"member_id": f"M-{number}"}, "name": f"Ada Example {number}"}
        for number in range(300)
    ]
    file.write_bytes(b"".join(lines(*people)))
    with subprocess.Popen(
        [*PROGRAM, "import", str(file), "--database", url, "--json", "--time-zone", "America/New_York"],
        stdout=subprocess.PIPE, env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as running:  # fmt: skip
        assert running.stdout is not None
        told = [running.stdout.readline() for _ in range(20)]
        running.send_signal(signal.SIGKILL)
        running.wait()
    assert all(json.loads(line)["fate"] == "recorded" for line in told if line.endswith(b"\n"))
    ran = program(str(file), "--database", url)
    assert ran.returncode == 0
    recorded, before = (int(part.split()[0]) for part in ran.stdout.split(", ")[:2])
    assert recorded + before == 300
    assert before >= 20
    assert recorded > 0
