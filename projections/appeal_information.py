"""What a letter says about appeals: what its notice said, or what the terms of today say if it was not sent yet.

A figure that nobody has confirmed from its source is left out. Notices from before `AppealRights` was recorded said
what `_revision_1` says.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from domain.deadline_terms.table import DeadlineTable
from domain.deadline_terms.words import AFTER_LAST_LEVEL
from domain.deadlines.appeal_rights import appeal_rights
from domain.deadlines.requests import deadline_of, terms_of
from domain.events.appeal_rights import AppealRights
from domain.events.patient import LineOfBusiness
from domain.events.requests import NoticeKind
from domain.history.records import Appeal, Asking, Notice, Request
from domain.history.state import PatientHistory

Information = tuple[tuple[str, ...], tuple[tuple[str, str], ...]]
"""Sentences, and rows of a label and a text."""

BY_WHOM: Final = ("By whom", "somebody who took no part in this and reports to nobody who did")
_WHO_MAY: Final = "You, your prescriber, or somebody you name may appeal, in writing, by telephone or by fax."
_AGAIN: Final = "You may appeal once more, or ask for a review outside of the plan."
_NOT_CONFIRMED: Final = " (this figure is not confirmed from its source)"
_FIGURES_REVISION_1: Final[dict[LineOfBusiness, tuple[int, str, str, str]]] = {
    "commercial": (180, "", "30 days", "72 hours"),
    "medicare_advantage": (65, _NOT_CONFIRMED, "7 days", "72 hours"),
    "medicaid": (60, _NOT_CONFIRMED, f"30 days{_NOT_CONFIRMED}", f"72 hours{_NOT_CONFIRMED}"),
}
"""The days to file with their mark, and the times to decide an appeal, as letters once stated them."""
_LETTER_KINDS: Final[dict[str, tuple[NoticeKind, ...]]] = {
    "denial": ("denial",),
    "approval": ("approval", "denial"),
    "appeal_decision": ("appeal_decision",),
}


def information_on_appeals(
    history: PatientHistory,
    request: Request,
    kind: str,
    decided_on: date,
    zone: ZoneInfo,
    table: DeadlineTable,
    after: Appeal | None = None,
) -> Information:
    """Returns the sentences and the rows about appeals. `after` is the decided appeal that the letter is about."""
    notice = _notice(history, request, kind, decided_on, zone, after)
    if notice is not None and notice.appeal_rights is None:
        return _revision_1(request, decided_on, zone, is_after_an_appeal=after is not None)
    rights = notice.appeal_rights if notice is not None else None
    if rights is None:
        rights = appeal_rights(terms_of(history, request, table), decided_on, after=after)
    return _in_words(rights, zone, is_after_an_appeal=after is not None)


def time_to_decide(
    history: PatientHistory, request: Request, asking: Asking, zone: ZoneInfo, table: DeadlineTable
) -> str:
    """Returns where a request for information stops the time to decide, and where it does not."""
    terms, deadline = terms_of(history, request, table), deadline_of(history, request, zone, table)
    is_extended = any(one.for_information and one.at >= asking.asked_at for one in request.extensions)
    if is_extended and terms.answer_standard is not None and deadline.stops:
        return (
            "The time to decide is extended for this, and stops until we have it. You have at least "
            f"{terms.answer_standard} from the day on which you receive the notice of the extension."
        )
    if deadline.stops:
        return "The time to decide depends on the day on which we have it."
    return "This does not stop the time to decide: we decide in time in any case, on what we have by then."


def _notice(
    history: PatientHistory, request: Request, kind: str, decided_on: date, zone: ZoneInfo, after: Appeal | None
) -> Notice | None:
    """Returns the latest notice on record that states this determination, or None."""
    appeal_id = after.appeal_id if after is not None else None
    found = [
        one
        for one in history.notices
        if one.request_id == request.request_id
        and one.kind in _LETTER_KINDS[kind]
        and one.appeal_id == appeal_id
        and one.issued_at.astimezone(zone).date() >= decided_on
    ]
    return found[-1] if found else None


def _in_words(rights: AppealRights, zone: ZoneInfo, *, is_after_an_appeal: bool) -> Information:
    if not rights.has_next_level:
        return (_next_step(rights),), ()
    days = f"{rights.file_within_days} days"
    rows = [
        ("In time", f"{days} from the day on which you receive this letter")
        if rights.file_by is None
        else ("In time", f"until {rights.file_by}, which is {days} from the date on this letter")
    ]
    if rights.standard is not None:
        rows.append(("Decided within", rights.standard))
    if rights.urgent is not None:
        rows.append(("If urgent", f"{rights.urgent}; say why it can't wait"))
    rows.append(BY_WHOM)
    first = f"You may appeal once more. After that, {_then(rights)}" if is_after_an_appeal else _WHO_MAY
    return (first, _more(zone)), tuple(rows)


def _next_step(rights: AppealRights) -> str:
    if rights.then == "independent_entity":
        return "You need not do anything: the plan sends your case to the independent review entity."
    return f"This was the plan's last decision. Next, {_then(rights)}"


def _then(rights: AppealRights) -> str:
    return f"you may ask for {AFTER_LAST_LEVEL[rights.then]}."


def _more(zone: ZoneInfo) -> str:
    return f"Send any new information; we will review it. Days end at midnight in {zone.key}."


def _revision_1(request: Request, decided_on: date, zone: ZoneInfo, *, is_after_an_appeal: bool) -> Information:
    days, mark, standard, urgent = _FIGURES_REVISION_1[request.line_of_business]
    last_day = decided_on + timedelta(days=days)
    rows = (
        ("In time", f"{days} days{mark} from when this letter comes: {last_day} at the earliest"),
        ("Decided within", standard),
        ("If urgent", f"{urgent}; say why it can't wait"),
        BY_WHOM,
    )
    return (_AGAIN if is_after_an_appeal else _WHO_MAY, _more(zone)), rows
