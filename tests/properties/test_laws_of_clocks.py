"""What holds of every clock: whatever was asked, answered, extended or expedited, in every zone and for every row."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from domain.deadline_terms.rows import TERMS
from domain.deadline_terms.terms import Days, DeadlineTerms, Hours
from domain.deadlines.due_dates import DeadlineExtension, DecisionTimes, InformationRequest, decision_deadline
from tests.properties.stories import at_every_scale, hold

NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)
SPAN = timedelta(days=60)

instants = st.integers(0, 800 * 24 * 4).map(lambda quarters: NEW_YEAR + timedelta(minutes=15 * quarters))
spans = st.integers(0, 60 * 24 * 4).map(lambda quarters: timedelta(minutes=15 * quarters))
zones = st.sampled_from(["America/New_York", "Pacific/Honolulu", "Africa/Cairo", "Pacific/Kiritimati", "UTC"]).map(
    ZoneInfo
)
# No row of today stops a clock of hours; a plan may add one.
rows = st.sampled_from([*TERMS, replace(TERMS[0], standard=Hours(72)), replace(TERMS[0], urgent=Days(3))])


@st.composite
def every_time(draw: st.DrawFn) -> DecisionTimes:
    received_at = draw(instants)
    some_time = spans.map(lambda span: received_at + span)
    maybe = st.none() | some_time
    requests = st.builds(
        lambda asked_at, limit, answer: InformationRequest(
            asked_at, asked_at + limit, None if answer is None else asked_at + answer
        ),
        some_time | st.just(received_at),
        spans,
        st.none() | spans,
    )
    extensions = st.builds(DeadlineExtension, some_time, st.integers(1, 20).map(Days), st.booleans(), maybe)
    return DecisionTimes(
        received_at,
        draw(st.sampled_from(["standard", "standard", "urgent"])),
        draw(maybe),
        draw(st.lists(extensions, max_size=2).map(tuple)),
        draw(st.lists(requests, max_size=4).map(tuple)),
        draw(maybe),
    )


open_requests = every_time().map(lambda times: replace(times, decided_at=None))
questioned = open_requests.filter(lambda times: bool(times.information_requests))


def with_first(times: DecisionTimes, pause: InformationRequest) -> DecisionTimes:
    return replace(times, information_requests=(pause, *times.information_requests[1:]))


@at_every_scale
def test_a_longer_pause_never_makes_a_request_due_earlier(scale: str) -> None:
    def law(terms: DeadlineTerms, times: DecisionTimes, zone: ZoneInfo, more: timedelta) -> None:
        first = times.information_requests[0]
        answered = None if first.answered_at is None else first.answered_at + more
        longer = with_first(times, InformationRequest(first.asked_at, first.answer_due + more, answered))
        assert decision_deadline(terms, longer, zone).due_at >= decision_deadline(terms, times, zone).due_at

    hold(scale, law, rows, questioned, zones, spans)


@at_every_scale
def test_a_later_receipt_of_the_notice_never_makes_a_request_due_earlier(scale: str) -> None:
    def law(terms: DeadlineTerms, times: DecisionTimes, zone: ZoneInfo, more: timedelta) -> None:
        later = tuple(
            replace(one, notice_received_at=(one.notice_received_at or one.at) + more) for one in times.extensions
        )
        longer = replace(times, extensions=later)
        assert decision_deadline(terms, longer, zone).due_at >= decision_deadline(terms, times, zone).due_at

    hold(scale, law, rows, open_requests, zones, spans)


@at_every_scale
def test_asking_never_stops_a_standard_clock_without_an_extension_for_it(scale: str) -> None:
    def law(terms: DeadlineTerms, times: DecisionTimes, zone: ZoneInfo) -> None:
        standard = replace(
            times,
            urgency="standard",
            expedited_at=None,
            extensions=tuple(replace(one, for_information=False) for one in times.extensions),
        )
        told = decision_deadline(terms, standard, zone)
        assert told == decision_deadline(terms, replace(standard, information_requests=()), zone)
        assert told.stops == ()

    hold(scale, law, rows, questioned, zones)


@at_every_scale
def test_an_answer_never_makes_a_request_due_later_than_the_limit_does(scale: str) -> None:
    def law(terms: DeadlineTerms, times: DecisionTimes, zone: ZoneInfo) -> None:
        silent = with_first(times, replace(times.information_requests[0], answered_at=None))
        assert decision_deadline(terms, times, zone).due_at <= decision_deadline(terms, silent, zone).due_at

    hold(scale, law, rows, questioned, zones)


@at_every_scale
def test_an_extension_never_makes_a_request_due_earlier_and_expediting_never_later(scale: str) -> None:
    def law(terms: DeadlineTerms, times: DecisionTimes, zone: ZoneInfo) -> None:
        due_at = decision_deadline(terms, times, zone).due_at
        assert due_at >= decision_deadline(terms, replace(times, extensions=()), zone).due_at
        assert due_at <= decision_deadline(terms, replace(times, expedited_at=None), zone).due_at

    hold(scale, law, rows, open_requests, zones)


@at_every_scale
def test_nothing_that_comes_after_the_decision_moves_the_clock(scale: str) -> None:
    def law(terms: DeadlineTerms, times: DecisionTimes, zone: ZoneInfo, decided_after: timedelta) -> None:
        decided_at = times.received_at + decided_after
        known_then = DecisionTimes(
            times.received_at,
            times.urgency,
            times.expedited_at if times.expedited_at and times.expedited_at <= decided_at else None,
            tuple(
                one
                if one.notice_received_at and one.notice_received_at <= decided_at
                else replace(one, notice_received_at=None)
                for one in times.extensions
                if one.at <= decided_at
            ),
            tuple(
                one if one.answered_at and one.answered_at <= decided_at else replace(one, answered_at=None)
                for one in times.information_requests
                if one.asked_at <= decided_at
            ),
            decided_at,
        )
        assert decision_deadline(terms, replace(times, decided_at=decided_at), zone) == decision_deadline(
            terms, known_then, zone
        )
        open_then = decision_deadline(terms, replace(known_then, decided_at=None), zone)
        assert open_then.due_at == decision_deadline(terms, known_then, zone).due_at

    hold(scale, law, rows, open_requests, zones, spans)


@at_every_scale
def test_what_comes_after_a_request_was_due_does_not_move_its_clock(scale: str) -> None:
    def law(terms: DeadlineTerms, times: DecisionTimes, zone: ZoneInfo, later: timedelta) -> None:
        told = decision_deadline(terms, times, zone)
        at = told.due_at + later + timedelta.resolution
        more = replace(
            times,
            information_requests=(*times.information_requests, InformationRequest(at, at + SPAN)),
            extensions=(*times.extensions, DeadlineExtension(at, Days(5), True)),
        )
        assert decision_deadline(terms, more, zone) == told

    hold(scale, law, rows, open_requests, zones, spans)


@at_every_scale
def test_a_clock_is_in_order_and_does_not_depend_on_the_order_of_what_is_told(scale: str) -> None:
    def law(terms: DeadlineTerms, times: DecisionTimes, zone: ZoneInfo) -> None:
        told = decision_deadline(terms, times, zone)
        edges = [told.starts_at, *(edge for stop in told.stops for edge in stop), told.due_at]
        assert edges == sorted(edges)
        assert told.starts_at <= told.at_risk_from <= told.due_at
        elsewhere = replace(
            times,
            received_at=times.received_at.astimezone(zone),
            information_requests=times.information_requests[::-1],
            extensions=times.extensions[::-1],
        )
        assert decision_deadline(terms, elsewhere, zone) == told

    hold(scale, law, rows, every_time(), zones)
