"""`assess FILE.jsonl`: the contract of input, output, errors and exit status."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from rich.console import Console

from api.cli.main import main
from api.cli.progress import LineProgress
from api.files.assess_lines import Answered, Refused, answers
from tests import ROOT

SAMPLE = ROOT / "tests" / "policy" / "assess-sample.jsonl"

APPROVED: dict[str, Any] = {
    "birth_date": "1990-01-16",
    "diagnosis": "multiple_sclerosis",
    "ms_form": "relapsing_remitting",
    "prior_treatment": {"received_lemtrada": False, "completed_course": False},
    "agents": {"list_is_complete": True, "tried": [{"product": "ocrevus", "outcome": "inadequate_efficacy"}]},
    "prescriber_specialty": "neurology",
    "hiv_infection": False,
    "other_dmt_continues": False,
    "requested_dosing": {"mg_per_day": 12, "consecutive_days": 5, "route": "intravenous"},
}
CONTRACT_EXAMPLE = {
    "case_id": "C-1", "as_of": "2026-04-28", "received_on": "2026-04-20", "edition": None,
    "facts": {
        "birth_date": "1952-01-16",
        "diagnosis": "multiple_sclerosis",
        "ms_form": "relapsing_remitting",
        "prior_treatment": {"received_lemtrada": True, "completed_course": True, "last_dose_on": "2025-03",
                            "open_course": {"number": 2, "doses_given": 1, "last_dose_on": "2026-04-02"}},
        "agents": {"list_is_complete": True,
                   "tried": [{"product": "mavenclad", "outcome": "significant_intolerance"}]},
        "aggressive_disease": {
            "rapid_deterioration": {"finding": True, "documentation": "attached"},
            "disabling_relapses": {"finding": False, "documentation": "not_attached"},
            "mri": {"finding": None, "documentation": "not_attached"},
            "cognitive_impairment": {"finding": True, "documentation": "none_exists"}},
        "prescriber_specialty": "neurology", "consulted_specialty": "none",
        "response": {"objective_measure": None, "symptom": True},
        "hiv_infection": False, "other_dmt_continues": False,
        "active_infection": False, "hypersensitivity": False,
        "requested_dosing": {"mg_per_day": 12, "consecutive_days": 2, "route": "intravenous"},
    },
}  # fmt: skip


class Ran(NamedTuple):
    status: int
    lines: list[str]
    errors: list[str]

    @property
    def output(self) -> list[Any]:
        return [json.loads(line) for line in self.lines]


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Run:
    def run(*arguments: str, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "argv", ["lemtrada-ledger", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsysbinary.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, out.decode().splitlines(), err.decode().splitlines())

    return run


def line(**changes: Any) -> bytes:
    return json.dumps({"case_id": "C", "as_of": "2026-04-28", "facts": APPROVED} | changes).encode()


def assess_one(text: bytes, **options: bool) -> Any:
    (one,) = answers([text], **options)
    assert isinstance(one, Answered), str(one)
    return one.output


def refused(text: bytes, **options: bool) -> str:
    (one,) = answers([text], **options)
    assert isinstance(one, Refused), one
    assert "\n" not in str(one)
    return str(one)


# -- answers --------------------------------------------------------------------------------------


def test_the_contracts_example_is_answered_as_the_contract_says(run: Run) -> None:
    ran = run("assess", "-", stdin=json.dumps(CONTRACT_EXAMPLE).encode())
    (answer,) = ran.output
    assert (ran.status, ran.errors) == (0, [])
    assert list(answer) == [
        "case_id", "edition", "recommendation", "path", "doses", "valid_days", "findings", "needed", "exclusions",
    ]  # fmt: skip
    findings = answer.pop("findings")
    assert answer == {
        "case_id": "C-1",
        "edition": "2025-07-23",
        "recommendation": "refer",
        "path": "B",
        "doses": None,
        "valid_days": None,
        "needed": [],
        "exclusions": [],
    }
    shown = {"1.A": "not_met", "1.A.i": "met", "1.A.iii.d(1)": "met", "1.B.iv": "met", "NR.2": "not_met"}
    assert findings | shown | {"Dosing.A": "not_met", "Dosing.B": "met"} == findings
    assert len(findings) == 27
    assert not {"1", "NR.5"} & set(findings)


def test_an_approval_carries_its_quantity() -> None:
    answer = assess_one(line())
    assert [answer[key] for key in ("recommendation", "path", "doses", "valid_days")] == ["approve", "A", 5, 30]


def test_a_missing_key_is_unknown_and_only_as_of_is_required() -> None:
    answer = assess_one(b'{"as_of": "2026-04-28"}')
    assert (answer["case_id"], answer["recommendation"]) == (None, "pend")
    assert "1" in answer["needed"]
    assert "Dosing.A" not in answer["needed"]


@pytest.mark.parametrize(
    ("changes", "edition"),
    [
        ({}, "2025-07-23"),
        ({"received_on": "2025-07-22"}, "2024-10-16"),
        ({"received_on": "2025-07-22", "edition": "2024-10-09"}, "2024-10-09"),
        ({"edition": None, "received_on": None}, "2025-07-23"),
        ({"as_of": "2024-10-09"}, "2024-10-09"),
        ({"as_of": "2024-10-08"}, "2023-11-15"),
        ({"as_of": "2023-01-01", "edition": "2025-07-23"}, "2025-07-23"),
    ],
)
def test_the_edition_is_the_named_one_else_of_receipt_else_of_assessment(changes: dict[str, Any], edition: str) -> None:
    answer = assess_one(line(**changes))
    assert answer["edition"] == edition
    assert ("1.A.iii.c" in answer["findings"]) == (edition > "2024-10-09")


def test_answers_come_in_the_order_of_the_input_and_blank_lines_are_ignored(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_bytes(
        b"\xef\xbb\xbf" + line(case_id="1") + b"\r\n\n  \n" + line(case_id="2") + b"\n" + line(case_id="3")
    )
    ran = run("assess", str(file), "--json")
    assert ([one["case_id"] for one in ran.output], ran.status, ran.errors) == (["1", "2", "3"], 0, [])


def test_an_empty_file_has_no_answers(run: Run) -> None:
    assert run("assess", "-") == Ran(0, [], [])


def test_a_line_separator_inside_a_string_does_not_split_the_line(run: Run) -> None:
    text = '{"case_id": "a\u2028b\u0085c", "as_of": "2026-04-28"}'.encode()
    ran = run("assess", "-", stdin=text)
    assert ran.status == 0
    assert [one["case_id"] for one in ran.output] == ["a\u2028b\u0085c"]


# -- --full ---------------------------------------------------------------------------------------


def test_full_keeps_the_map_and_adds_why() -> None:
    plain, full = assess_one(line()), assess_one(line(), full=True)
    assert full["findings"] == plain["findings"] | {"1": "met", "NR.5": "not_met"}
    assert {key: full[key] for key in plain if key != "findings"} == {
        key: plain[key] for key in plain if key != "findings"
    }
    assert set(full["explanations"]) == set(full["findings"])
    assert full["explanations"]["1.A.i"] == {
        "answer": "met",
        "sentence": "Born 1990-01-16: 17 or older on 2026-04-28.",
        "facts": {"birth_date": "1990-01-16", "as_of": "2026-04-28"},
        "readings": ["R2", "R4", "R5"],
        "missing": [],
        "approvable_from": None,
        "arguable": False,
    }
    assert (full["reasons"], full["approvable_from"]) == ([], None)
    assert any("REMS" in one for one in full["advisories"])


def test_full_shows_the_day_from_which_it_is_approvable_and_why_a_clinician_must_review(run: Run) -> None:
    young = line(facts=APPROVED | {"birth_date": "2009-05-01"})
    infected = line(facts=APPROVED | {"active_infection": True})
    first, second = run("assess", "-", "--full", stdin=young + b"\n" + infected).output
    assert first["approvable_from"] == first["explanations"]["1.A.i"]["approvable_from"] == "2026-05-01"
    assert [one["code"] for one in second["reasons"]] == ["active_infection"]


# -- --check --------------------------------------------------------------------------------------


def test_the_sample_agrees(run: Run) -> None:
    ran = run("assess", str(SAMPLE), "--check")
    assert (ran.status, len(ran.lines)) == (0, 300)
    assert ran.errors == ["300 of 300 lines with an expected answer match"]


def test_every_difference_is_printed(run: Run) -> None:
    answer = {key: value for key, value in assess_one(line()).items() if key not in ("case_id", "edition")}
    wrong = {"recommendation": "refer", "doses": 3, "findings": answer["findings"] | {"1.A.iv": "not_met"}}
    stdin = b"\n".join([line(case_id="right", expected=answer), line(case_id="wrong", expected=wrong), line()])
    ran = run("assess", "-", "--check", stdin=stdin)
    assert ran.status == 1
    assert len(ran.lines) == 3
    assert ran.errors == [
        'line 2, case wrong: recommendation: expected "refer", answered "approve"',
        "line 2, case wrong: doses: expected 3, answered 5",
        'line 2, case wrong: findings.1.A.iv: expected "not_met", answered "met"',
        "1 of 2 lines with an expected answer match",
    ]


def test_an_expected_key_that_no_answer_has_is_a_difference() -> None:
    expected = {"findings": {"1.C": "met"}, "recomendation": "approve"}
    (one,) = answers([line(expected=expected)], check=True)
    assert isinstance(one, Answered)
    assert one.differences is not None
    assert [re.sub(r":.*", "", difference) for difference in one.differences] == ["findings.1.C", "recomendation"]


def test_expected_is_ignored_unless_it_is_asked_for(run: Run) -> None:
    ran = run("assess", "-", stdin=line(expected={"recommendation": "refer"}) + b"\n" + line(expected=[1]))
    assert (ran.status, ran.errors) == (0, [])
    assert "expected should be an object" in refused(line(expected=[1]), check=True)


def test_a_bad_line_weighs_more_than_a_difference(run: Run) -> None:
    ran = run("assess", "-", "--check", stdin=line(expected={"path": "B"}) + b"\n{}")
    assert (ran.status, len(ran.errors)) == (2, 3)


# -- bad lines ------------------------------------------------------------------------------------


def with_facts(**changes: Any) -> bytes:
    return line(facts=APPROVED | changes)


def treated(**prior: Any) -> bytes:
    return with_facts(prior_treatment=prior)


BAD: dict[str, tuple[bytes, str]] = {
    "not JSON": (b"{'as_of': 1}", "not JSON"),
    "more than one object": (b"{} {}", "not JSON"),
    "not an object": (b'["as_of"]', "one JSON object"),
    "nesting without end": (b"[" * 5000, "not JSON"),
    "an endless number": (b'{"as_of": ' + b"9" * 10_000 + b"}", "not JSON"),
    "broken UTF-8": (b'{"case_id": "\xff"}', r"not UTF-8 .*byte 14"),
    "half a surrogate": (b'{"case_id": "\\ud800", "as_of": "2026-04-28"}', "not JSON"),
    "NaN": (with_facts(requested_dosing={"mg_per_day": float("nan")}), "not JSON"),
    "Infinity": (with_facts(requested_dosing={"mg_per_day": float("inf")}), "not JSON"),
    "infinity in disguise": (with_facts(requested_dosing={"mg_per_day": 1}).replace(b": 1}", b": 1e999}"), "mg_per"),
    "an unknown key": (line(as_off=1), "unknown key 'as_off'"),
    "an unknown fact": (with_facts(age=30), r"unknown key 'age' .*facts\.age"),
    "an unknown key deep down": (treated(received=True), r"unknown key 'received' .*facts\.prior_treatment\.received"),
    "a key twice": (b'{"as_of": "2026-04-28", "as_of": "2026-04-29"}', "'as_of' appears twice"),
    "a key twice deep down": (b'{"as_of": "2026-04-28", "facts": {"response": {"symptom": true, "symptom": false}}}',
                              "'symptom' appears twice"),
    "a key of two lines": (line(**{"a\nb\x1b[31m": 1}), r"a\\nb\\x1b"),
    "no as_of": (b'{"case_id": "C"}', "as_of is missing"),
    "as_of null": (line(as_of=None), "as_of"),
    "as_of a month": (line(as_of="2026-04"), "as_of"),
    "as_of a date-time": (line(as_of="2026-04-28T00:00:00"), "as_of"),
    "as_of a number": (line(as_of=1777334400), "as_of"),
    "an impossible day": (line(as_of="2026-02-29"), "this date does not exist"),
    "an impossible month": (with_facts(birth_date="1990-13"), r"birth_date"),
    "month nought": (with_facts(birth_date="1990-00"), r"birth_date"),
    "a date in words": (with_facts(birth_date="16/01/1990"), "YYYY-MM-DD, YYYY-MM or YYYY"),
    "case_id a number": (line(case_id=7), "case_id"),
    "facts null": (line(facts=None), r"facts.*leave the key out"),
    "an object null": (with_facts(agents=None), r"facts\.agents.*leave the key out"),
    "a list null": (with_facts(agents={"tried": None}), r"facts\.agents\.tried.*leave the key out"),
    "a sign null": (with_facts(aggressive_disease={"mri": None}), r"aggressive_disease\.mri"),
    "a word for a bool": (with_facts(hiv_infection="no"), "hiv_infection"),
    "a number for a bool": (with_facts(hiv_infection=0), "hiv_infection"),
    "an unknown form": (with_facts(ms_form="rrms"), "relapsing_remitting, "),
    "an unknown diagnosis": (with_facts(diagnosis="ms"), "multiple_sclerosis or other"),
    "an unknown outcome": (with_facts(agents={"tried": [{"product": "Avonex", "outcome": "?"}]}), "tried.0.outcome"),
    "a product without a name": (with_facts(agents={"tried": [{"outcome": "adequate"}]}), "product is missing"),
    "a product of two lines": (with_facts(agents={"tried": [{"product": "Oc\nrevus"}]}), "contains a line break"),
    "a control character": (with_facts(agents={"tried": [{"product": "O\x1b[31m"}]}), r"control character.*tried\.0"),
    "half a day": (with_facts(requested_dosing={"consecutive_days": 2.5}), "consecutive_days"),
    "an edition that is none": (line(edition="2025-01-01"), r"'2025-01-01'.*2025-07-23, 2024-10-16"),
    "before the first edition": (line(as_of="2023-11-14", facts={}), "the oldest version on file is 2023-11-15"),
    # Contradictions name both fields.
    "never, yet a course": (treated(received_lemtrada=False, completed_course=True), "received_lemtrada.*completed_c"),
    "never, yet a dose": (treated(received_lemtrada=False, last_dose_on="2025"), "received_lemtrada.*last_dose_on"),
    "never, yet an open course": (treated(received_lemtrada=False, open_course={"number": 1}),
                                  "received_lemtrada.*open_course"),
    "never, yet among the agents": (with_facts(agents={"tried": [{"product": "Lemtrada"}]}),
                                    "received_lemtrada.*agents.tried"),
    "an open first beside a completed": (treated(completed_course=True, open_course={"number": 1}),
                                         "open_course.*completed_course"),
    "an open later without a completed": (treated(completed_course=False, open_course={"number": 2}),
                                          "open_course.*completed_course"),
    "no dose of an open course": (treated(open_course={"number": 1, "doses_given": 0}), "doses_given"),
    "a whole first course": (treated(open_course={"number": 1, "doses_given": 5}), "doses_given 5.*number 1"),
    "a whole later course": (treated(open_course={"number": 2, "doses_given": 3}), "doses_given 3.*number 2"),
    "born after as_of": (with_facts(birth_date="2026-04-29"), "birth_date .*as_of"),
    "a dose after as_of": (treated(last_dose_on="2026-05"), "last_dose_on .*as_of"),
    "an open course's dose after as_of": (treated(open_course={"number": 1, "last_dose_on": "2027"}),
                                          "open_course.last_dose_on .*as_of"),
    "received after as_of": (line(received_on="2026-04-29"), "received_on .*as_of"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_bad_line_says_what_where_and_what_to_do(what: str) -> None:
    text, said = BAD[what]
    error = refused(text)
    assert re.search(said, error), error
    assert re.search(r" \(line 1(, [^)]+)?\): .+", error), error


@pytest.mark.parametrize("birth_date", ["2026-04-28", "2026-04", "2026"])
def test_a_date_that_may_lie_before_as_of_is_no_contradiction(birth_date: str) -> None:
    assert assess_one(with_facts(birth_date=birth_date))["findings"]["1.A.i"] == "not_met"


def test_all_bad_lines_are_reported_by_number_and_the_others_still_answer(run: Run) -> None:
    stdin = b"\n".join([*(text for text, _ in BAD.values()), b"", line(case_id="good")])
    ran = run("assess", "-", stdin=stdin)
    assert ran.status == 2
    assert [one["case_id"] for one in ran.output] == ["good"]
    numbers = [int(found[1]) for error in ran.errors if (found := re.search(r"\(line (\d+)", error))]
    assert numbers == list(range(1, len(BAD) + 1))
    assert len(ran.errors) == len(BAD)


def test_the_count_of_further_mistakes_is_said() -> None:
    assert "(and 2 more)" in refused(line(one=1, two=2, three=3))


# -- wrong use ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["assess"], "Missing argument"),
        (["assess", "no-such-file.jsonl"], r"cannot be read: .* \(no-such-file.jsonl\): name a file"),
        (["assess", "."], r"cannot be read: .*directory"),
        (["assess", "-", "--nope"], "No such option: --nope"),
        (["asses"], "No such command 'asses'"),
    ],
)
def test_wrong_use_is_one_line_with_what_to_do(run: Run, arguments: list[str], said: str) -> None:
    ran = run(*arguments)
    assert (ran.status, ran.lines, len(ran.errors)) == (2, [], 1)
    assert re.search(said, ran.errors[0])
    assert re.search(r"\): .+", ran.errors[0])


@pytest.mark.parametrize("command", ["assess", "explain"])
def test_every_command_has_help_with_an_example(run: Run, command: str) -> None:
    ran = run(command, "--help")
    assert (ran.status, ran.errors) == (0, [])
    assert f"Example: lemtrada-ledger {command}" in "\n".join(ran.lines)
    assert f"  {command} " in "\n".join(run("--help").lines)


# -- progress -------------------------------------------------------------------------------------


def _progressed(seconds_a_line: float, *, terminal: bool) -> str:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=80)
    ticks = iter(range(1000))
    with LineProgress(lambda: console, clock=lambda: next(ticks) * seconds_a_line) as progress:
        for _ in range(50):
            progress.advance()
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_progress_is_shown_on_a_terminal_once_a_second_has_passed_and_never_in_a_pipe() -> None:
    assert "lines" in _progressed(0.1, terminal=True)
    assert _progressed(0.01, terminal=True) == ""
    assert _progressed(0.1, terminal=False) == ""
