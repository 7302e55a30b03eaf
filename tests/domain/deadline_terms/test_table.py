"""The row of a request: the latest in effect, the most specific, and the shortest where the coverage leaves it open."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

import pytest

from domain.deadline_terms.table import BUILT_IN, CoverageOf, DeadlineTable, terms_for
from domain.deadline_terms.terms import Days, DeadlineTerms, Hours
from domain.deadline_terms.words import in_words
from domain.events.patient import Funding

DAY: Final = date(2026, 6, 1)
COMMERCIAL: Final = terms_for("commercial", DAY)
MEDICAID: Final = terms_for("medicaid", DAY)
INSURED: Final = replace(COMMERCIAL, state="CA", funding="insured", standard=Days(5), urgent=Hours(72), source="CA law")
ANY_STATE: Final = replace(COMMERCIAL, funding="insured", standard=Days(10), urgent=Hours(48), source="contract")
TABLE: Final = DeadlineTable(own=(INSURED, ANY_STATE))


def test_a_later_row_replaces_the_earlier_one_from_its_day_on() -> None:
    later = replace(MEDICAID, effective_on=date(2026, 7, 1), standard=Hours(48))
    for table in (DeadlineTable(own=(later,)), DeadlineTable(built_in=(later, *BUILT_IN.built_in))):
        assert terms_for("medicaid", date(2026, 6, 30), table) is MEDICAID
        assert terms_for("medicaid", date(2026, 7, 1), table) is later
        assert terms_for("medicaid", date(2027, 7, 1), table) is later
        assert terms_for("commercial", date(2026, 7, 1), table) is COMMERCIAL


@pytest.mark.parametrize(
    ("state", "funding", "row"),
    [
        ("CA", "insured", INSURED),
        ("NY", "insured", ANY_STATE),
        ("CA", "self_funded", COMMERCIAL),
        (None, "self_funded", COMMERCIAL),
    ],
)
def test_the_most_specific_row_applies(state: str | None, funding: Funding, row: DeadlineTerms) -> None:
    assert terms_for("commercial", DAY, TABLE, coverage=CoverageOf(state, funding)) is row


@pytest.mark.parametrize(
    ("state", "funding", "standard", "urgent", "unknown"),
    [
        (None, None, Days(5), Hours(48), "state and funding"),
        ("CA", None, Days(5), Hours(72), "funding"),
        ("NY", None, Days(10), Hours(48), "funding"),
        (None, "insured", Days(5), Hours(48), "state"),
    ],
)
def test_not_known_then_the_shorter_row_and_it_says_so(
    state: str | None, funding: Funding | None, standard: object, urgent: object, unknown: str
) -> None:
    found = terms_for("commercial", DAY, TABLE, coverage=CoverageOf(state, funding))
    assert (found.standard, found.urgent) == (standard, urgent)
    assert found.note == f"{unknown} of the coverage not on record, so the shortest row applies"
    assert in_words(found)[0].partition(";")[2].startswith(f" {found.note}")


def test_no_appeal_is_late_that_one_of_the_rows_calls_timely() -> None:
    longer = replace(INSURED, appeal_file_within=Days(200), appeal_counted_from="date_on_notice")
    found = terms_for("commercial", DAY, DeadlineTable(own=(longer,)))
    assert (found.appeal_file_within, found.appeal_counted_from) == (Days(200), "receipt")


def test_without_rows_of_the_plan_nothing_depends_on_state_and_funding() -> None:
    assert terms_for("commercial", DAY) is terms_for("commercial", DAY, coverage=CoverageOf("CA", "insured"))
    assert terms_for("commercial", DAY).note == ""


def test_a_line_without_a_row_for_doses_that_were_given_uses_its_other_row() -> None:
    assert terms_for("medicaid", DAY, is_post_service=True) is MEDICAID
    assert terms_for("commercial", DAY, is_post_service=True).standard == Days(30)
