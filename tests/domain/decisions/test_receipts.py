"""When a request was received: what an office submits, what the plan records, and what the plan corrects."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.commands.requests import CorrectReceipt
from domain.deadlines.requests import deadline_of
from domain.errors import InvalidCommand, NotFound, NotPermitted
from domain.events.receipts import ReceiptCorrected
from domain.events.requests import RequestSubmitted
from domain.history import fold
from tests.story import (
    MEETS_A,
    NURSE,
    OFFICE,
    ZONE,
    Step,
    appealed,
    approved,
    denied,
    first_course,
    given,
    receipt_corrected,
    reopened,
    reported,
    statement_corrected,
    submitted,
    submitted_for,
    supplied,
    withdrawn,
)

NOON = datetime(2026, 4, 28, 16, tzinfo=UTC)


# -- submitted --------------------------------------------------------------------------------


def test_what_an_office_submits_is_received_now() -> None:
    scenario = given().when(submitted(received_at=None).by(OFFICE)).then(RequestSubmitted, receipt_source=None)
    request = scenario.known.requests[0]
    assert abs((request.received_at - NOON).total_seconds()) < 1
    assert request.received_at == request.recorded_at
    assert request.received_on.isoformat() == "2026-04-28"


@pytest.mark.parametrize(
    "received_at", ["2026-04-28T11:59:00-04:00", "2026-04-28T12:00:00.5-04:00", "2026-01-01T09:00:00Z"]
)
def test_an_office_cannot_choose_when_its_request_was_received(received_at: str) -> None:
    given().when(submitted(received_at=received_at).by(OFFICE)).then_refused(InvalidCommand, field="received_at")


def test_an_office_may_send_the_instant_of_the_server() -> None:
    given().when(submitted(received_at=NOON.isoformat()).by(OFFICE)).then(RequestSubmitted, received_at=NOON)


@pytest.mark.parametrize("source", ["fax", "mail", "phone"])
def test_what_an_office_submits_came_by_no_fax(source: str) -> None:
    given().when(submitted(received_at=None, receipt_source=source).by(OFFICE)).then_refused(
        InvalidCommand, field="receipt_source"
    )
    given().when(submitted(received_at=None, receipt_source="electronic").by(OFFICE)).then(RequestSubmitted)


@pytest.mark.parametrize("source", ["portal", "fax", "mail", "phone", "electronic", None])
def test_the_plan_records_another_receipt_with_its_source(source: str | None) -> None:
    step = submitted(received_at="2026-04-24T17:05:00-04:00", receipt_source=source)
    scenario = given().when(step).then(RequestSubmitted, receipt_source=source)
    assert scenario.known.requests[0].received_on.isoformat() == "2026-04-24"
    assert scenario.known.requests[0].receipt_source == source


def test_an_imported_request_keeps_its_receipt() -> None:
    scenario = given(submitted(received_on="2024-02-20").by(OFFICE).imported())
    assert scenario.known.requests[0].received_on.isoformat() == "2024-02-20"


@pytest.mark.parametrize("day", ["1988-05-16", "1950-01-01"])
def test_no_request_is_received_before_the_birth_date(day: str) -> None:
    given().when(submitted(received_on=day)).then_refused(InvalidCommand, field="received_at")
    given(submitted()).when(receipt_corrected(day)).then_refused(InvalidCommand, field="received_at")


def test_a_request_may_be_received_on_the_birth_date() -> None:
    given(submitted()).when(receipt_corrected("1988-05-17")).then(ReceiptCorrected)


# -- corrected --------------------------------------------------------------------------------


def test_the_corrected_receipt_is_in_effect_and_both_stay_on_record() -> None:
    scenario = given(submitted(received_at=None).by(OFFICE), today="2026-04-28").on("2026-04-30")
    scenario.when(receipt_corrected("2026-04-20", reason="The fax of April 20 lay in another queue."))
    scenario.then(ReceiptCorrected, receipt_source="fax", reason="The fax of April 20 lay in another queue.")
    request = scenario.known.requests[0]
    assert [one.received_on.isoformat() for one in request.receipts] == ["2026-04-28", "2026-04-20"]
    assert [one.source for one in request.receipts] == [None, "fax"]
    assert [one.by for one in request.receipts] == [OFFICE, NURSE]
    assert request.received_on.isoformat() == "2026-04-20"
    assert request.receipt_source == "fax"


def test_the_last_correction_holds_and_goes_back() -> None:
    scenario = given(
        submitted(received_on="2026-04-24"), receipt_corrected("2026-04-20"), receipt_corrected("2026-04-22")
    )
    assert scenario.known.requests[0].received_on.isoformat() == "2026-04-22"
    assert len(scenario.known.requests[0].receipts) == 3


def test_only_the_source_may_be_corrected() -> None:
    scenario = given(submitted(received_on="2026-04-24", receipt_source="fax"))
    same = {"received_at": "2026-04-24T09:00:00-05:00"}
    scenario.when(receipt_corrected("2026-04-24", receipt_source="mail", **same)).then(ReceiptCorrected)
    scenario.when(receipt_corrected("2026-04-24", receipt_source="mail", **same)).then_refused(
        InvalidCommand, field="received_at"
    )


def test_the_deadline_follows_the_corrected_receipt() -> None:
    scenario = given(submitted(received_on="2026-04-24"))
    before = deadline_of(scenario.known, scenario.known.requests[0], ZONE).due_at
    scenario.and_given(receipt_corrected("2026-04-20"))
    after = deadline_of(scenario.known, scenario.known.requests[0], ZONE).due_at
    assert (before - after).days == 4


USED_ONCE: dict[str, Any] = MEETS_A | {"agents": [{"product": "Ocrevus"}]}


def test_the_edition_follows_the_corrected_receipt() -> None:
    """ "Used Ocrevus, no failure" meets 1.A.iii under the edition of 2024-10-09 and not under the next one (R21)."""
    scenario = given(submitted(USED_ONCE, received_on="2024-10-17"), today="2024-10-20")
    assert scenario.judged().assessment.edition == "2024-10-16"
    scenario.when(receipt_corrected("2024-10-15")).then(ReceiptCorrected)
    assert scenario.judged().assessment.edition == "2024-10-09"
    scenario.then_finding("1.A.iii", "met")


def test_the_day_of_receipt_is_the_day_in_the_zone_of_the_plan() -> None:
    scenario = given(submitted(received_on="2026-04-24"), receipt_corrected("", received_at="2026-04-21T03:59:00Z"))
    assert scenario.known.requests[0].received_on.isoformat() == "2026-04-20"


def test_a_statement_was_made_on_the_corrected_day() -> None:
    """What came with the request was stated on its corrected day; what was supplied later keeps its day (R17)."""
    agent = {"product": "Tecfidera", "still_taken": False}
    scenario = given(
        submitted(received_on="2026-04-20"),
        supplied({"agents": [agent]}, on="2026-04-22"),
        statement_corrected(MEETS_A | {"agents": [*MEETS_A["agents"], {"product": "Avonex"}]}),
        receipt_corrected("2026-04-16"),
    )
    days = {on.isoformat() for _, on in scenario.known.requests[0].agents_stated}
    assert days == {"2026-04-16", "2026-04-22"}


def test_a_corrected_statement_without_a_supply_follows_the_receipt() -> None:
    changed = statement_corrected(MEETS_A | {"agents": [{"product": "Avonex"}]})
    scenario = given(submitted(received_on="2026-04-20"), changed, receipt_corrected("2026-04-16"))
    assert [on.isoformat() for _, on in scenario.known.requests[0].agents_stated] == ["2026-04-16"]


def test_as_known_before_the_correction_the_old_receipt_counts() -> None:
    scenario = given(submitted(received_on="2026-04-24"), receipt_corrected("2026-04-20"))
    before = fold(scenario.events[:-1])
    assert before is not None
    assert before.requests[0].received_on.isoformat() == "2026-04-24"


# -- refused ----------------------------------------------------------------------------------


def test_not_in_the_future_and_not_after_the_request_was_recorded() -> None:
    scenario = given(submitted(received_on="2026-04-24"))
    scenario.when(receipt_corrected("2026-04-29")).then_refused(InvalidCommand, field="received_at")
    scenario.on("2026-05-10").when(receipt_corrected("2026-05-01")).then_refused(InvalidCommand, field="received_at")
    scenario.when(receipt_corrected("", received_at="2026-04-28T11:59:00-04:00")).then(ReceiptCorrected)


def test_not_after_information_that_was_supplied_for_it() -> None:
    scenario = given(submitted(received_on="2026-04-20"), supplied({"rems_enrolled": True}, on="2026-04-21"))
    scenario.when(receipt_corrected("2026-04-22")).then_refused(InvalidCommand, field="received_at")
    scenario.when(receipt_corrected("2026-04-21")).then(ReceiptCorrected)


def test_not_after_its_determination_or_its_withdrawal() -> None:
    decided = given(submitted(received_on="2026-04-20"), approved(), today="2026-04-22").on("2026-04-28")
    decided.when(receipt_corrected("2026-04-23")).then_refused(InvalidCommand, field="received_at")


def test_the_doses_that_it_lists_were_given_before_it() -> None:
    scenario = given(*first_course("2026-04-20"), submitted_for(1, 2, 3, 4, 5))
    scenario.when(receipt_corrected("2026-04-24")).then_refused(InvalidCommand, field="received_at")
    scenario.when(receipt_corrected("2026-04-25")).then(ReceiptCorrected)


def test_only_a_person_of_the_plan_corrects_a_receipt() -> None:
    given(submitted()).when(receipt_corrected("2026-04-20").by(OFFICE)).then_refused(NotPermitted, field="actor.role")


def test_a_request_that_is_not_on_record() -> None:
    command = CorrectReceipt(
        request_id="11111111-2222-4333-8444-555555555555.r9", received_at=NOON, receipt_source="fax", reason="It came."
    )
    given(submitted()).when(Step(lambda _: command)).then_refused(NotFound, field="request_id")


# -- a determination on record ----------------------------------------------------------------


def test_a_determination_keeps_what_it_was_made_from() -> None:
    scenario = given(submitted(USED_ONCE, received_on="2024-10-17"), denied("1.A.iii"), today="2024-10-20")
    made = scenario.known.requests[0].determination
    scenario.when(receipt_corrected("2024-10-15")).then(ReceiptCorrected)
    request = scenario.known.requests[0]
    assert request.determination is made
    assert (request.status, request.closed_on) == ("denied", made and made.decided_on)


def test_an_appeal_is_judged_under_the_edition_of_the_corrected_receipt() -> None:
    scenario = given(
        submitted(USED_ONCE, received_on="2024-10-17"),
        denied("1.A.iii"),
        receipt_corrected("2024-10-15"),
        appealed("2024-10-20"),
        today="2024-10-20",
    )
    assert scenario.judged().assessment.edition == "2024-10-09"


def test_a_closed_and_reopened_request_may_be_corrected() -> None:
    scenario = given(submitted(received_on="2026-04-24"), withdrawn(), reopened())
    scenario.when(receipt_corrected("2026-04-20")).then(ReceiptCorrected)


def test_a_report_after_the_corrected_receipt_does_not_change_the_record() -> None:
    scenario = given(submitted(received_on="2026-04-24"), reported(), receipt_corrected("2026-04-20"))
    assert len(scenario.known.reports) == 1
