"""Lives of a request that are told to the program by its ordinary commands, and written down as plain facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from domain.commands.context import CommandContext
from domain.errors import LedgerError
from domain.events.requests import ClockExtended, InformationRequested, InformationSupplied
from domain.history.records import Appeal, Request
from domain.people import Actor
from tests.properties.drawn_request_lives import EXTEND, MAY_BE_MISSING, Act, Beginning, table_of
from tests.properties.naive_clock.deadlines import (
    Answer,
    AppealLife,
    Ask,
    ExtensionNotice,
    Notice,
    RequestLife,
    day_of,
    has_second_level,
    last_day_to_appeal,
    may_extend,
)
from tests.story import (
    MEETS_A,
    NEUROLOGIST,
    SECOND_NEUROLOGIST,
    Scenario,
    Step,
    appeal_dismissed,
    appealed,
    clock_extended,
    delivered,
    denied,
    dose,
    expedited,
    information_requested,
    line_changed,
    noticed,
    opened,
    statement_corrected,
    submitted,
    submitted_for,
    supplied,
    upheld,
)


@dataclass
class PlanScenario(Scenario):
    """A scenario in a zone of its own, to the instant."""

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    at: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def moment(self, actor: Actor) -> CommandContext:
        return replace(super().moment(actor), at=self.now, zone=self.zone)

    @property
    def now(self) -> datetime:
        return self.at if self.history is None else max(self.at, self.history.recorded_at + timedelta(microseconds=1))

    def move(self, at: datetime) -> None:
        self.at = at
        self.today = self.now.astimezone(self.zone).date()


class Told:
    """The program and the plain facts, told the same life."""

    def __init__(self, start: Beginning) -> None:
        zone = ZoneInfo(start.zone)
        # Doses of a day before, so that a request may ask for them afterwards.
        self.scenario = PlanScenario(table=table_of(start.rows), zone=zone)
        first = start.at.astimezone(zone).date() - timedelta(days=40)
        days = [first + timedelta(days=number) for number in range(start.given_before)]
        self._on(start.at - timedelta(days=30), replace(opened(), day=None))
        for day in days:
            self._on(start.at - timedelta(days=30), replace(dose(day.isoformat()), day=None))
        if start.state is not None or start.funding is not None:
            values = {"state": start.state, "funding": start.funding}
            self._on(start.at - timedelta(days=20), line_changed(day_text(first), start.line, **values))
        dosing = MEETS_A["requested_dosing"] | {"consecutive_days": start.asked_for}
        statement = MEETS_A | {"requested_dosing": dosing} | dict.fromkeys(start.missing)
        self.statement: dict[str, Any] = statement
        values = {
            "received_at": start.at.isoformat(),
            "line_of_business": start.line,
            "urgency": "urgent" if start.urgent else "standard",
        }
        numbers = range(1, start.given_before + 1)
        first_act = (
            submitted_for(*numbers, statement=statement, **values) if numbers else submitted(statement, **values)
        )
        self._on(start.at, first_act)
        self.life = RequestLife(
            zone=start.zone,
            line=start.line,
            received_at=start.at,
            urgent=start.urgent,
            post_service=0 < start.asked_for <= start.given_before,
            state=start.state,
            funding=start.funding,
            plan_rows=start.rows,
        )
        self.start = start
        self.appeals: list[AppealLife] = []
        self.notices_of_appeals: dict[str, tuple[Notice, ...]] = {}

    def _on(self, at: datetime, step: Step) -> None:
        self.scenario.move(at)
        self.scenario.and_given(step)

    @property
    def request(self) -> Request:
        return self.scenario.known.requests[0]

    @property
    def appeal(self) -> Appeal:
        return self.scenario.known.appeals[-1]

    @property
    def upheld(self) -> Appeal | None:
        """The latest appeal that was upheld."""
        return next((one for one in reversed(self.scenario.known.appeals) if one.status == "upheld"), None)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """The notices of what can be appealed now: the denial, or the decision of the latest appeal."""
        return self.life.notices if self.upheld is None else self.notices_of_appeals.get(self.upheld.appeal_id, ())

    def tell(self, act: Act) -> None:
        # Where hours are counted, most acts come within hours.
        counts_hours = self.life.urgent or self.life.line != "commercial" or self.life.expedited_at is not None
        is_fast = counts_hours and self.life.decided_at is None and act.which % 4 != 0
        self.scenario.move(self.scenario.at + (act.after / 8 if is_fast else act.after))
        TELL[act.kind](self, act)

    def does(self, step: Step) -> bool:
        """Whether the program accepts it; what it refuses leaves nothing behind."""
        try:
            self.scenario.and_given(step)
        except LedgerError:
            return False
        return True

    def back(self, which: int) -> datetime:
        """Now, or some hours ago, but not before the request."""
        ago = timedelta(hours=(0, 0, 0, 1, 6, 20, 30)[which % 7])
        return max(self.life.received_at, self.scenario.now - ago)

    def changed(self, **values: Any) -> None:
        self.life = replace(self.life, **values)


def day_text(day: date) -> str:
    return day.isoformat()


def ask(told: Told, act: Act, **values: Any) -> None:
    may = may_extend(told.life, told.scenario.now)
    if told.does(information_requested(**values)):
        event = told.scenario.last[0]
        assert isinstance(event, InformationRequested)
        told.changed(asks=(*told.life.asks, Ask(event.recorded_at, event.answer_by)))
        assert len(told.scenario.last) == 1 or may, "an extension that the law does not give"
        note_extension(told)


def extend(told: Told, act: Act, **values: Any) -> None:
    may = told.request.is_open and may_extend(told.life, told.scenario.now)
    if values.get("for_information"):
        may = may and told.request.awaits is not None
    days = (15, 15, 1, 7)[act.which % 4]
    assert told.does(clock_extended(days=days, **values)) == may
    if may:
        note_extension(told)


def note_extension(told: Told) -> None:
    event = told.scenario.last[-1]
    if isinstance(event, ClockExtended):
        extension = ExtensionNotice(event.recorded_at, event.days, event.for_information, None)
        told.changed(extensions=(*told.life.extensions, extension))


def send_extension(told: Told, act: Act) -> None:
    """The notice of an extension leaves when the extension is recorded, or later."""
    if told.life.extensions and not told.scenario.known.notices:
        sent_at = max(told.life.extensions[0].sent_at, told.back(act.which))
        if told.does(noticed("clock_extended", sent_at.isoformat())):
            told.changed(extensions=(replace(told.life.extensions[0], sent_at=sent_at), *told.life.extensions[1:]))


def deliver_extension(told: Told, act: Act) -> None:
    first = next(iter(told.scenario.known.notices), None)
    if first is not None and first.kind == "clock_extended":
        received_at = max(first.issued_at, told.back(act.which))
        if told.does(delivered(received_at.isoformat(), 1)):
            told.changed(extensions=(replace(told.life.extensions[0], received_at=received_at),))


def answer(told: Told, act: Act, values: dict[str, Any], *, is_asked: bool) -> None:
    received_at = told.back(act.which)
    is_open = told.request.awaits is not None
    if not told.does(supplied(values, received_at=received_at.isoformat())):
        return
    (event,) = told.scenario.last
    assert isinstance(event, InformationSupplied)
    told.statement = told.statement | values
    if all(told.statement[name] is not None for name in MAY_BE_MISSING):
        assert event.answers_in_full == is_open, "nothing is missing now"
    if is_asked:
        told.changed(answers=(*told.life.answers, Answer(received_at, event.recorded_at, event.answers_in_full)))


def answer_all(told: Told, act: Act) -> None:
    answer(told, act, {name: MEETS_A[name] for name in MAY_BE_MISSING}, is_asked=True)


def answer_part(told: Told, act: Act) -> None:
    open_ones = [name for name in MAY_BE_MISSING if told.statement[name] is None]
    if open_ones:
        name = open_ones[act.which % len(open_ones)]
        answer(told, act, {name: MEETS_A[name]}, is_asked=True)


def answer_nothing(told: Told, act: Act) -> None:
    """Something that nobody asked for."""
    answer(told, act, {"rems_enrolled": act.which % 2 == 0}, is_asked=False)


def take_back(told: Told, act: Act) -> None:
    """What was stated was wrong, so that it is missing."""
    name = MAY_BE_MISSING[act.which % len(MAY_BE_MISSING)]
    if told.does(statement_corrected(told.statement | {name: None})):
        told.statement = told.statement | {name: None}


def correct_line(told: Told, act: Act) -> None:
    line = ("commercial", "medicare_advantage", "medicaid")[act.which % 3]
    if told.does(statement_corrected(told.statement, line_of_business=line)):
        # The state and the funding that are on record are of the line that they were stated with.
        of_line = line == told.start.line
        state, funding = (told.start.state, told.start.funding) if of_line else (None, None)
        told.changed(line=line, state=state, funding=funding)


def expedite(told: Told, act: Act) -> None:
    asked_at = told.back(act.which)
    if told.does(expedited(asked_at.isoformat())):
        told.changed(expedited_at=asked_at)


def deny(told: Told, act: Act) -> None:
    if told.does(denied("1.A", "1.B", "NR.5")):
        told.changed(decided_at=told.scenario.last[0].recorded_at, decided_under=told.life.plan_rows)
        told.changed(decided_for=(told.life.line, told.life.state, told.life.funding))


def send_notice(told: Told, act: Act) -> None:
    """The notice of the latest decision: of the denial, or of an appeal that was upheld."""
    if told.life.decided_at is None:
        return
    upheld_one = told.upheld
    if upheld_one is None:
        at = max(told.back(act.which), told.life.decided_at)
        if told.does(noticed("denial", at.isoformat())):
            told.changed(notices=(*told.life.notices, Notice(at, None)))
        return
    at = told.scenario.now
    assert told.does(noticed("appeal_decision", at.isoformat(), appeal_id=upheld_one.appeal_id))
    before = told.notices_of_appeals.get(upheld_one.appeal_id, ())
    told.notices_of_appeals[upheld_one.appeal_id] = (*before, Notice(at, None))


def deliver_notice(told: Told, act: Act) -> None:
    upheld_one = told.upheld
    appeal_id = None if upheld_one is None else upheld_one.appeal_id
    kind = "denial" if upheld_one is None else "appeal_decision"
    known = told.scenario.known.notices
    numbers = [number for number, one in enumerate(known, 1) if (one.kind, one.appeal_id) == (kind, appeal_id)]
    if not numbers:
        return
    chosen = act.which % len(numbers)
    received_at = max(known[numbers[chosen] - 1].issued_at, told.back(act.which))
    if not told.does(delivered(received_at.isoformat(), numbers[chosen])):
        return
    notices = list(told.notices)
    notices[chosen] = replace(notices[chosen], received_at=received_at)
    if appeal_id is None:
        told.changed(notices=tuple(notices))
    else:
        told.notices_of_appeals[appeal_id] = tuple(notices)


def appeal(told: Told, act: Act, urgency: str = "standard") -> None:
    if told.life.decided_at is None:
        return
    upheld_one = told.upheld
    since = told.life.decided_at if upheld_one is None else told.scenario.known.recorded_at
    received_at = max(told.back(act.which), since)
    is_open = bool(told.appeals) and told.appeal.is_open
    may = upheld_one is None or (upheld_one.level == "first" and has_second_level(told.life))
    late = is_late_to_appeal(told, received_at)
    assert told.does(appealed(received_at=received_at.isoformat(), urgency=urgency)) == (may and not is_open)
    if may and not is_open:
        told.appeals.append(AppealLife(received_at, urgency == "urgent", upheld_one is not None))
        assert told.appeal.is_late == late
        assert told.appeal.level == ("first" if upheld_one is None else "second")


def is_late_to_appeal(told: Told, at: datetime) -> bool:
    last = last_day_to_appeal(replace(told.life, notices=told.notices))
    return last is not None and day_of(at, told.life.zone) > last


def change_rows(told: Told, act: Act) -> None:
    """The plan corrects its rows. What is decided keeps those of its day."""
    rows = told.start.later_rows if act.which % 3 else told.start.rows
    told.scenario.under(table_of(rows))
    told.changed(plan_rows=rows)


def uphold(told: Told, act: Act) -> None:
    if told.appeals and told.appeal.is_open:
        by = NEUROLOGIST if told.appeal.level == "first" else SECOND_NEUROLOGIST
        assert told.does(upheld("1.A", "1.B", "NR.5").by(by))
        told.appeals[-1] = replace(told.appeals[-1], decided_under=told.life.plan_rows)


def dismiss_as_late(told: Told, act: Act) -> None:
    """Only an appeal that came after its last day may be dismissed as late."""
    if told.appeals and told.appeal.is_open:
        assert told.does(appeal_dismissed("late")) == is_late_to_appeal(told, told.appeals[-1].filed_at)


TELL: Final[dict[str, Callable[[Told, Act], None]]] = {
    "ask": ask,
    "ask and extend": lambda told, act: ask(told, act, extend=EXTEND),
    "extend": extend,
    "extend for information": lambda told, act: extend(told, act, for_information=True),
    "send extension": send_extension,
    "deliver extension": deliver_extension,
    "answer all": answer_all,
    "answer part": answer_part,
    "answer nothing": answer_nothing,
    "take back": take_back,
    "expedite": expedite,
    "correct line": correct_line,
    "deny": deny,
    "send notice": send_notice,
    "deliver notice": deliver_notice,
    "appeal": appeal,
    "appeal urgently": lambda told, act: appeal(told, act, "urgent"),
    "uphold": uphold,
    "change rows": change_rows,
    "dismiss as late": dismiss_as_late,
}
