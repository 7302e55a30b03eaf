"""Every event has a title, and a sentence where its fields say more than its title and its reason."""

from __future__ import annotations

from domain.events import PATIENT_EVENTS
from domain.events.base import Event
from projections.event_text import SENTENCES, sentence_of
from tests.ledger.samples.events import SAMPLES

REASON_SAYS_ALL = {
    "HistoryOpened",
    "DemographicsCorrected",  # A name or a birth date is never repeated in a sentence.
    "HistoriesLinked",
    "HistoriesUnlinked",
    "DeathRecordVoided",
    "RequestReopened",
    "RequestExpedited",
    "ExpeditingRefused",
}


def test_an_event_without_a_sentence_of_its_own_is_one_whose_reason_says_all() -> None:
    assert {one.__name__ for one in PATIENT_EVENTS if one not in SENTENCES} == REASON_SAYS_ALL


def test_titles_are_different_and_short() -> None:
    titles = [one.TITLE for one in PATIENT_EVENTS]
    assert len({*titles}) == len(titles)
    assert all(0 < len(one) < 50 and one[0].isupper() for one in titles)


def test_a_sentence_is_the_events_own_else_its_reason_else_nothing() -> None:
    samples: dict[str, Event] = {type(one).__name__: one for one in SAMPLES.values()}
    assert sentence_of(samples["DoseVoided"]).startswith("d")
    assert sentence_of(samples["RequestReopened"]) == samples["RequestReopened"].reason  # type: ignore[attr-defined]
    assert sentence_of(samples["HistoryOpened"]) == ""
