"""How many files and calls a job takes; and that the measurement sees every call that it is meant to count."""

from __future__ import annotations

from threading import Thread

import pytest

from domain.decisions import decide
from domain.events.determinations import CourseApproved
from tests.architecture.calls.__main__ import TARGETS, Job, Target, figure_of, measured, missed
from tests.architecture.calls.counts import Figures, Profile
from tests.story import NURSE, approved, given, submitted


@pytest.fixture(scope="module")
def found() -> dict[Job, Figures]:
    return measured()


@pytest.mark.parametrize("target", TARGETS, ids=lambda one: f"{one.job} {one.measure}")
def test_a_job_takes_no_more_than_is_held(found: dict[Job, Figures], target: Target) -> None:
    assert target.at_most <= target.held
    assert figure_of(target, found) <= target.held


def test_what_each_job_must_do_was_counted(found: dict[Job, Figures]) -> None:
    decisions = {job: one.decisions for job, one in found.items() if job != "request page"}
    assert decisions == {"submit": 1, "approve": 1, "eligibility": 0}
    assert "domain/decisions/requests.py" in found["submit"].by_file
    assert "domain/decisions/determinations.py" in found["approve"].by_file
    assert "projections/eligibility.py" in found["eligibility"].by_file
    assert "api/pages/request/page.py" in found["request page"].by_file
    for figures in found.values():
        assert sum(figures.by_file.values()) == sum(figures.by_function.values()) == figures.calls
        assert max(figures.inside.values()) <= figures.calls


def test_a_request_of_a_history_without_treatment_asks_for_no_courses_and_no_lives(found: dict[Job, Figures]) -> None:
    assert [
        name for name in found["submit"].by_file if name.endswith(("courses.py", "lives.py", "possible_treatment.py"))
    ] == []
    assert "domain/treatment/courses.py" in found["eligibility"].by_file


def test_calls_and_decisions_of_every_thread_are_counted_and_only_while_counting() -> None:
    scenario = given(submitted())
    command, moment = approved().make(scenario), scenario.moment(NURSE)
    profile = Profile()
    with profile.installed():
        decide(scenario.known, command, moment)

        def work() -> None:
            thread = Thread(target=lambda: decide(scenario.known, command, moment))
            thread.start()
            thread.join()
            assert isinstance(decide(scenario.known, command, moment)[0], CourseApproved)

        counted = profile.of(work)
    assert counted.decisions == 2
    assert counted.by_file["domain/decisions/__init__.py"] >= 2
    assert not any(name.startswith("tests/") for name in counted.by_file)
    inside = {name.partition(" ")[2]: count for name, count in counted.inside.items()}
    assert inside["decide"] == counted.calls


def test_a_target_is_missed_above_its_value_and_met_at_it() -> None:
    by_job: dict[Job, Figures] = {
        target.job: Figures({f"file {number}": 1 for number in range(35)}, {}, {}, decisions=0) for target in TARGETS
    }
    assert missed(by_job) == []
    by_job["submit"] = Figures({f"file {number}": 1 for number in range(36)}, {}, {}, decisions=0)
    by_job["request page"] = Figures({"file": 2_663}, {}, {}, decisions=1)
    assert [(one.job, one.measure) for one in missed(by_job)] == [("submit", "files"), ("request page", "decisions")]
