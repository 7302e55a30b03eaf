"""How facts are derived from the record, in each revision of the derivation."""

from __future__ import annotations

from datetime import date

import pytest

from domain.facts import PriorTreatment
from domain.review.derivations import DERIVATIONS
from tests.story import given, submitted


@pytest.mark.parametrize("revision", DERIVATIONS)
@pytest.mark.parametrize("stated", [True, False, None])
def test_with_neither_a_dose_nor_a_report_every_revision_takes_the_statement(
    revision: int, stated: bool | None
) -> None:
    history = given(submitted()).known
    assert not history.doses
    assert not history.reports
    found, treatment = DERIVATIONS[revision].treatment(history, date(2027, 1, 1), False, stated, date(2026, 5, 1))
    # An assessment of such a history does not ask a derivation, so each of them must give this answer.
    assert (tuple(found), treatment) == ((), PriorTreatment.without_record(stated))
    assert treatment.completed_course is (False if stated is False else None)
