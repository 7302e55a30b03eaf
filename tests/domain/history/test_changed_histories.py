"""Frozen records are copied at once, as `dataclasses.replace` would; no cached value is carried over."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from domain.facts import Circumstances, Facts
from domain.frozen import changed
from domain.history.state import PatientHistory
from domain.policy.assessment import Finding, assess
from domain.policy.editions import EDITIONS
from domain.treatment.courses import courses
from tests.story import Scenario, dose, given


def told() -> Scenario:
    return given(dose(on="2026-03-02"), dose(on="2026-03-03")).on("2026-03-04")


def history_of(scenario: Scenario) -> PatientHistory:
    assert scenario.history is not None
    return scenario.history


def test_a_changed_record_is_what_replace_gives() -> None:
    history = history_of(told())
    entry = history.doses[0]
    assert changed(entry, voided=True) == replace(entry, voided=True)
    assert history.changed(name="Another Synthetic") == replace(history, name="Another Synthetic")
    assert not entry.voided, "the record itself stays as it was"


def test_a_field_that_there_is_none_of_is_refused() -> None:
    with pytest.raises(TypeError, match="Dose has no field voyded"):
        changed(history_of(told()).doses[0], voyded=True)


def test_a_changed_history_computes_its_own_courses() -> None:
    history = history_of(told())
    assert [one.given for one in courses(history)] == [2]
    assert [one.given for one in courses(history.changed(doses=history.doses[:1]))] == [1]
    assert [one.given for one in courses(replace(history, doses=history.doses[:1]))] == [1]


def test_a_finding_is_made_without_validation_and_is_a_valid_one() -> None:
    for edition in EDITIONS:
        assessment = assess(Facts(), date(2026, 4, 28), edition, Circumstances())
        for one in assessment.findings:
            again = Finding.model_validate(one.model_dump())
            assert again == one
            assert again.model_dump_json() == one.model_dump_json()
