"""Another agent on the planned day (R17), from the statement and the record, in whatever order they were reported."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from tests.story import (
    MEETS_A,
    OFFICE,
    Scenario,
    Step,
    agent_started,
    agent_stopped,
    given,
    planned,
    statement_corrected,
    submitted,
    supplied,
)

RECEIVED = "2026-04-28"
PLANNED = "2026-05-10"


def tysabri(**days: Any) -> dict[str, Any]:
    return {"product": "Tysabri", "outcome": "adequate"} | days


def stating(*agents: dict[str, Any], **facts: Any) -> dict[str, Any]:
    return MEETS_A | {"agents": [*MEETS_A["agents"], *agents]} | facts


def after(*steps: Step, stated: dict[str, Any] | None = None, on: str | None = PLANNED) -> Scenario:
    """The request as it came, planned for a day, and what the record was told later."""
    statement = stating(stated) if stated is not None else MEETS_A
    told = [step.recorded_on("2026-10-01") for step in steps]
    return given(submitted(statement, planned_first_infusion_on=on).by(OFFICE), *told, today=RECEIVED)


DOCUMENTED = tuple(f"1.A.iii.d({number})" for number in (1, 2, 3, 4))
CONTINUES = {True: "met", False: "not_met", None: "undetermined"}


# -- through the life of a request ------------------------------------------------------------


def test_an_agent_started_after_submission_excludes_and_a_stop_before_the_planned_day_clears_it() -> None:
    scenario = after().then_recommended("approve", scope="A")
    scenario.on("2026-05-02").and_given(agent_started("Tysabri", "2026-05-01"))
    scenario.then_recommended("not_recommended").then_finding("NR.2", "met")
    scenario.on("2026-05-04").and_given(agent_stopped("Tysabri", "2026-05-03"))
    scenario.then_recommended("approve", scope="A").then_finding("NR.2", "not_met")


def test_the_planned_day_moves_and_with_it_what_is_concurrent() -> None:
    scenario = after(agent_stopped("Tysabri", "2026-05-12"), stated=tysabri(still_taken=True))
    scenario.then_finding("NR.2", "met")
    scenario.and_given(planned("2026-05-13")).then_finding("NR.2", "not_met")
    scenario.and_given(planned("2026-05-12")).then_finding("NR.2", "met")
    scenario.and_given(planned(None)).then_finding("NR.2", "undetermined")


def test_a_correction_of_the_stop_day_counts_from_then_on() -> None:
    scenario = after(stated=tysabri(stopped_on="2026-05-15")).then_finding("NR.2", "met")
    corrected = stating(tysabri(stopped_on="2026-05-05"))
    scenario.and_given(statement_corrected(corrected)).then_finding("NR.2", "not_met")
    days = [str(one.requests[0].statement.agents[2].stopped_on) for one in scenario.versions[1:]]
    assert days == ["2026-05-15", "2026-05-05"]


def test_a_use_that_begins_after_the_infusions_is_not_beside_them() -> None:
    after(agent_started("Kesimpta", "2026-09-01")).then_finding("NR.2", "not_met")
    after(agent_started("Kesimpta", PLANNED)).then_finding("NR.2", "met")
    after(agent_started("Kesimpta", "2026-05")).then_finding("NR.2", "undetermined")


def test_an_earlier_use_still_counts_where_it_begins_again_after_the_infusions() -> None:
    scenario = after(agent_started("Tysabri", "2026-09-01"), stated=tysabri(stopped_on="2026-05-20"))
    scenario.then_finding("NR.2", "met")


# -- what was told late does not undo what came after it --------------------------------------


@pytest.mark.parametrize(
    ("stated", "told", "continues"),
    [
        # A start before a known stop is the start of that use.
        (tysabri(stopped_on="2026-04-01"), [agent_started("Tysabri", "2020-01")], False),
        (tysabri(still_taken=False), [agent_started("Tysabri", "2020-01")], False),
        (tysabri(stopped_on="2026-04-01"), [agent_started("Tysabri", "2026-04-15")], True),
        (tysabri(still_taken=False), [agent_started("Tysabri", "2026-05-01")], True),
        # A stop before a known start belongs to an earlier use.
        (None, [agent_started("Tysabri", "2026-04-20"), agent_stopped("Tysabri", "2024-02")], True),
        (tysabri(started_on="2026-04-20", still_taken=True), [agent_stopped("Tysabri", "2024-02")], True),
        # In order, and told of again.
        (None, [agent_started("Tysabri", "2020-01"), agent_stopped("Tysabri", "2021-01")], False),
        (None, [agent_stopped("Tysabri", "2021-01"), agent_started("Tysabri", "2020-01")], False),
        (None, [agent_started("Tysabri", "2020-01"), agent_started("Tysabri", "2020-02")], True),
        # Between two stops the agent was taken again, from an unknown day on.
        (None, [agent_stopped("Tysabri", "2026-05-20"), agent_stopped("Tysabri", "2026-05-05")], None),
        (None, [agent_stopped("Tysabri", "2026-05-05"), agent_stopped("Tysabri", "2026-05-20")], None),
        (None, [agent_stopped("Tysabri", "2026-05-20")], None),
        (None, [agent_stopped("Tysabri", "2026-05-10")], True),
        (None, [agent_stopped("Tysabri", "2026-05-09")], False),
        (None, [agent_stopped("Tysabri", "2026-05"), agent_stopped("Tysabri", "2026-05-05")], False),
        (None, [agent_started("Tysabri", "2026-05-12"), agent_stopped("Tysabri", "2026-05"),
                agent_stopped("Tysabri", "2026-05-31")], False),
        # A stop ends what began on its day. Days that are too vague to be ordered are undetermined.
        (None, [agent_started("Tysabri", "2026-04-02"), agent_stopped("Tysabri", "2026-04-02")], False),
        (None, [agent_started("Tysabri", "2026-04"), agent_stopped("Tysabri", "2026-04")], None),
        (None, [agent_stopped("Tysabri", "2026-04"), agent_started("Tysabri", "2026-04")], None),
        (None, [agent_started("Tysabri", "2026-03"), agent_stopped("Tysabri", "2026-04")], False),
        (None, [agent_started("Tysabri", "2026-03"), agent_stopped("Tysabri", "2026")], None),
        # Told in disorder: no start and no stop is lost by what is told between them.
        (tysabri(still_taken=True), [agent_stopped("Tysabri", "2026-05-20"),
                                     agent_stopped("Tysabri", "2025-01")], True),
        (tysabri(still_taken=False), [agent_stopped("Tysabri", "2026-05-20"), agent_started("Tysabri", "2026-05-02"),
                                      agent_stopped("Tysabri", "2026-04-01")], True),
        (None, [agent_stopped("Tysabri", "2026-05-20"), agent_started("Tysabri", "2025-01"),
                agent_started("Tysabri", "2026-05-05"), agent_stopped("Tysabri", "2026-04-01")], True),
        (None, [agent_started("Tysabri", "2026-05-20"), agent_stopped("Tysabri", "2026-05-05"),
                agent_started("Tysabri", "2025-01")], False),
        # The statement says nothing of days.
        (tysabri(), [agent_started("Tysabri", "2020-01")], True),
        (tysabri(), [agent_stopped("Tysabri", "2026-04-20")], False),
        # Still taken by the statement, stopped before it by the record: begun again.
        (tysabri(still_taken=True), [agent_stopped("Tysabri", "2026-04-20")], True),
        (tysabri(still_taken=True), [agent_stopped("Tysabri", "2026-04")], None),
        (tysabri(still_taken=True), [agent_stopped("Tysabri", "2026-05-02")], False),
        (tysabri(still_taken=True), [agent_started("Tysabri", "2020-01")], True),
        (tysabri(still_taken=True), [agent_started("Tysabri", "2026-05-03")], True),
        # The generic name and the brand are one agent.
        (tysabri(still_taken=True), [agent_stopped("natalizumab", "2026-05-02")], False),
        (None, [agent_started("natalizumab", "2026-05-01"), agent_stopped("Tysabri", "2026-05-02")], False),
        # Not every agent excludes.
        (None, [agent_started("methylprednisolone", "2026-04-20")], False),
        (None, [agent_started("rituximab", "2026-04-20")], None),
    ],
)  # fmt: skip
def test_starts_and_stops_count_by_their_own_days(
    stated: dict[str, Any] | None, told: list[Step], continues: bool | None
) -> None:
    after(*told, stated=stated).then_finding("NR.2", CONTINUES[continues])
    after(*reversed(told), stated=stated).then_finding("NR.2", CONTINUES[continues])


# -- the rows of the issue: newer starts and old stops ----------------------------------------


@pytest.mark.parametrize("planned_for", [PLANNED, None])
def test_a_statement_with_a_newer_start_than_the_record_knows_is_use(planned_for: str | None) -> None:
    told = [agent_started("Tysabri", "2020-01"), agent_stopped("Tysabri", "2021-01")]
    statement = stating(tysabri(started_on="2026-03"))
    scenario = given(*told, submitted(statement, planned_first_infusion_on=planned_for), today=RECEIVED)
    scenario.then_recommended("pend", needed=("NR.2",)).then_finding("NR.2", "undetermined")
    without = given(*told, submitted(stating(tysabri()), planned_first_infusion_on=planned_for), today=RECEIVED)
    without.then_recommended("approve", scope="A")
    ended = scenario.and_given(supplied({"agents": [tysabri(started_on="2026-03", stopped_on="2026-04-20")]}))
    ended.then_recommended("approve", scope="A")


@pytest.mark.parametrize("planned_for", [PLANNED, None])
def test_an_old_stop_that_is_told_late_does_not_end_a_newer_use(planned_for: str | None) -> None:
    statement = stating(tysabri(started_on="2026-03", still_taken=True))
    scenario = given(submitted(statement, planned_first_infusion_on=planned_for), today=RECEIVED)
    scenario.on("2026-04-29").and_given(agent_stopped("Tysabri", "2025-02"))
    scenario.then_finding("NR.2", "met" if planned_for else "undetermined")
    recorded = given(
        agent_started("Tysabri", "2026-03"), submitted(planned_first_infusion_on=planned_for), today=RECEIVED
    )
    recorded.on("2026-04-29").and_given(agent_stopped("Tysabri", "2025-02"))
    recorded.then_finding("NR.2", "met" if planned_for else "undetermined")


def test_a_statement_that_no_other_agent_continues_does_not_replace_the_stop_date() -> None:
    statement = stating(other_dmt_continues=False)
    scenario = given(
        agent_started("Tysabri", "2026-03"), submitted(statement, planned_first_infusion_on=PLANNED), today=RECEIVED
    )
    scenario.then_finding("NR.2", "undetermined")
    scenario.and_given(agent_stopped("Tysabri", "2026-04-20")).then_finding("NR.2", "not_met")
    later = given(submitted(statement, planned_first_infusion_on=PLANNED), today=RECEIVED)
    later.on("2026-05-02").and_given(agent_started("Tysabri", "2026-05-01")).then_finding("NR.2", "met")


def test_days_that_cannot_be_ordered_are_settled_by_the_statement_that_no_agent_continues() -> None:
    told = [agent_started("Tysabri", "2026-04"), agent_stopped("Tysabri", "2026-04")]
    scenario = given(*told, submitted(planned_first_infusion_on=PLANNED), today=RECEIVED)
    scenario.then_recommended("pend", needed=("NR.2",)).then_finding("NR.2", "undetermined")
    scenario.and_given(supplied({"other_dmt_continues": False})).then_recommended("approve", scope="A")


# -- names that are not recognized (R12) ------------------------------------------------------


def test_an_agent_with_a_name_that_is_not_recognized_is_undetermined_while_it_is_taken() -> None:
    taken = {"product": "Tysabry", "outcome": "adequate", "still_taken": True}
    scenario = after(stated=taken).then_finding("NR.2", "undetermined")
    finding = scenario.judged().assessment.finding("NR.2")
    assert "Tysabry, not recognized, did you mean Tysabri?" in finding.sentence
    assert "other_dmt_continues: which product Tysabry is (not recognized, did you mean Tysabri?)" in finding.missing
    scenario.and_given(supplied({"other_dmt_continues": False})).then_finding("NR.2", "undetermined")
    scenario.and_given(agent_stopped("Tysabry", "2026-05-02")).then_finding("NR.2", "not_met")
    assert scenario.judged().assessment.facts.other_dmt_not_recognized == ()
    after(stated={"product": "Tysabry", "outcome": "adequate", "stopped_on": "2025"}).then_finding("NR.2", "not_met")


def test_a_stop_of_a_name_that_is_not_recognized_may_be_that_of_any_agent() -> None:
    started, stopped = agent_started("Tysabri", "2025-01"), agent_stopped("Tysabry", "2026-04")
    scenario = after(started, stopped).then_finding("NR.2", "undetermined")
    scenario.and_given(agent_stopped("Tysabri", "2026-04-20")).then_finding("NR.2", "not_met")
    after(agent_started("Tysabri", "2026-05-01"), stopped).then_finding("NR.2", "met")
    after(started, agent_stopped("Tysabry", "2024")).then_finding("NR.2", "met")


def test_an_agent_that_was_not_recognized_is_named_by_what_is_supplied() -> None:
    failed = {"product": "Tysabry", "outcome": "inadequate_efficacy", "stopped_on": "2018-01"}
    scenario = given(submitted(MEETS_A | {"agents": [failed]}), today=RECEIVED)
    scenario.then_recommended("pend", needed=("1.A.iii.b", *DOCUMENTED))
    scenario.and_given(supplied({"agents": [failed | {"product": "Tysabri"}]})).then_recommended("approve", scope="A")
    assert [one.product for one in scenario.known.requests[0].statement.agents] == ["Tysabri"]
    otherwise = given(submitted(MEETS_A | {"agents": [failed | {"product": "Avonexx"}]}), today=RECEIVED)
    otherwise.and_given(supplied({"agents": [failed | {"product": "Avonex"}]}))
    assert otherwise.judged().assessment.finding("1.A.iii.b").answer == "not_met"


def test_a_stop_of_an_ingredient_may_be_that_of_any_of_its_products() -> None:
    after(agent_started("Kesimpta", "2025-01"), agent_stopped("ofatumumab", "2026-04")).then_finding("NR.2", "not_met")
    after(agent_started("Kesimpta", "2025-01"), agent_stopped("Tysabri", "2026-04")).then_finding("NR.2", "met")


GOES_ON = [("started", "2025-01-01"), ("stopped", "2025-06-01"), ("started", "2025-08-01"), ("started", "2026-02-01")]


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=lambda order: "".join(map(str, order)))
def test_in_whatever_order_it_is_told_the_use_that_was_begun_last_goes_on(order: tuple[int, ...]) -> None:
    """A stop that is told late ends what began before it, and never what began after."""
    told = [agent_started if kind == "started" else agent_stopped for kind, _ in GOES_ON]
    scenario = after(*(told[number]("Tysabri", GOES_ON[number][1]) for number in order))
    scenario.then_finding("NR.2", "met")
    scenario.and_given(agent_stopped("Tysabri", "2026-05-05").recorded_on("2026-10-01"))
    scenario.then_finding("NR.2", "not_met")


@pytest.mark.parametrize(
    ("stated", "told", "continues"),
    [
        (["Avonex"], [agent_stopped("Rebif", "2026-05-02")], True),
        (["Avonex"], [agent_stopped("interferon beta-1a", "2026-05-02")], False),
        (["Rebif", "Avonex"], [agent_stopped("Rebif", "2026-05-02")], True),
        (["Rebif", "Avonex"], [agent_stopped("Rebif", "2026-05-02"), agent_stopped("Avonex", "2026-05-03")], False),
    ],
)
def test_that_one_brand_was_stopped_says_nothing_of_another(
    stated: list[str], told: list[Step], continues: bool
) -> None:
    agents = [{"product": name, "outcome": "adequate", "still_taken": True} for name in stated]
    planned_for = given(submitted(stating(*agents), planned_first_infusion_on=PLANNED).by(OFFICE), today=RECEIVED)
    planned_for.on("2026-05-05").and_given(*told).then_finding("NR.2", CONTINUES[continues])


def test_that_one_brand_is_not_taken_any_more_says_nothing_of_another() -> None:
    stopped = {"product": "Rebif", "outcome": "adequate", "still_taken": False}
    after(agent_started("Avonex", "2020-01"), stated=stopped).then_finding("NR.2", "met")


@pytest.mark.parametrize(
    ("told_before", "stated", "continues"),
    [
        # The prescriber speaks later than the record, and of the days.
        ([agent_started("Tysabri", "2020-01")], tysabri(stopped_on="2026-01"), False),
        ([agent_started("Tysabri", "2020-01")], tysabri(still_taken=False), False),
        ([agent_stopped("Tysabri", "2026-05-20")], tysabri(stopped_on="2026-05-05"), None),
        ([agent_stopped("Tysabri", "2026-05-20")], tysabri(), True),
        ([agent_stopped("Tysabri", "2025-01")], tysabri(still_taken=True), True),
        # The patient began again after the stop that the prescriber knows of.
        ([agent_started("Tysabri", "2026-04-20")], tysabri(stopped_on="2026-01"), True),
        # The prescriber names the agent and says nothing of when, or does not name it at all.
        ([agent_started("Tysabri", "2020-01")], tysabri(), True),
        ([agent_started("Tysabri", "2020-01")], None, True),
        ([agent_started("Tysabri", "2020-01"), agent_stopped("Tysabri", "2021")], tysabri(), False),
    ],
)
def test_a_statement_is_later_news_than_the_record_before_it(
    told_before: list[Step], stated: dict[str, Any] | None, continues: bool
) -> None:
    statement = stating(stated) if stated is not None else MEETS_A
    scenario = given(*told_before, submitted(statement, planned_first_infusion_on=PLANNED), today=RECEIVED)
    scenario.then_finding("NR.2", CONTINUES[continues])


def test_what_is_supplied_of_an_agent_is_later_news_and_of_its_own_day() -> None:
    """Not taken any more, by a letter of 5 May: that it stopped on 2 May is no contradiction then."""
    scenario = after(stated=tysabri(still_taken=True)).then_finding("NR.2", "met").on("2026-05-05")
    stopped = supplied({"agents": [tysabri(stopped_on="2026-05-02", still_taken=False)]})
    scenario.and_given(stopped).then_finding("NR.2", "not_met")
    # Another fact that is supplied does not make the statement on the agent newer.
    scenario.and_given(agent_started("Tysabri", "2026-05-04"), supplied({"rems_enrolled": True}))
    scenario.then_finding("NR.2", "met")


@pytest.mark.parametrize(
    ("told", "answer"),
    [
        ([], "undetermined"),
        ([("2026-05-12", None)], "not_met"),
        ([("2026-04-20", None)], "met"),
        ([("2025-01-01", "2025-06-01")], "undetermined"),
        ([("2025-01-01", "2025-06-01"), ("2026-05-12", None)], "not_met"),
    ],
)
def test_an_agent_that_is_taken_days_after_the_infusions_was_begun_before_or_after_them(
    told: list[tuple[str, str | None]], answer: str
) -> None:
    """Of an agent that is taken on May 15, only its start says whether it was taken on May 10."""
    scenario = after().on("2026-05-15")
    for start, stop in told:
        ended = [] if stop is None else [agent_stopped("Tysabri", stop)]
        scenario.and_given(agent_started("Tysabri", start), *ended)
    scenario.and_given(supplied({"agents": [tysabri(still_taken=True)]})).then_finding("NR.2", answer)


def test_each_version_of_the_history_answers_as_it_was_told() -> None:
    scenario = after(
        agent_started("Tysabri", "2026-04-20"),
        agent_stopped("Tysabri", "2026-05-01"),
        agent_started("Aubagio", "2026-05-02"),
    )
    answers = []
    for version in scenario.versions[1:]:
        scenario.history = version
        answers.append(str(scenario.judged().assessment.finding("NR.2").answer))
    assert answers == ["not_met", "met", "not_met", "met"]
