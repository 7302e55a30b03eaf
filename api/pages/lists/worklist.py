"""The worklist: what is mine, what is due, what waits for whom; claimed and released in its row."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from api.http.etags import tag_of
from api.http.problems import tell_of_denial
from api.pages.form_commands import Tried, occasion_of, refused
from api.pages.forms import Form, FormOfRequest
from api.pages.lists.worklist_filters import PATH, AskedOfRequest, WorklistAddress, asked_on
from api.pages.redirects import leads_to
from api.pages.rendering import PREFIX, rendered
from api.record_access.commands import recording_refusals
from api.record_access.http import ListsOfRequest
from api.record_access.list_access import ListAccess
from api.record_access.patient_access import patient_of
from api.routes.dependencies import (
    AppealIdInPath,
    Commanding,
    CommandingOfRequest,
    RequestIdInPath,
    history_to_change,
    run,
)
from domain.commands import Command
from domain.commands.appeals import AssignAppeal
from domain.commands.requests import AssignRequest, ReleaseRequest
from domain.decisions.may import may
from domain.decisions.preconditions import Assigning
from domain.errors import Conflict, EditionUnknown, LedgerError, NotFound, NotPermitted, StaleVersion
from domain.history.state import PatientHistory
from domain.ledger.application import Outcome
from domain.people import Actor
from domain.policy.editions import edition_for
from projections.worklist.listing import Worklist
from projections.worklist.rows import STATES
from projections.worklist.text import short_number, waits_for

router = APIRouter(include_in_schema=False)

TRIES: Final = 3
HEADINGS: Final = (
    ("Request", None),
    ("Received", "received_at"),
    ("State", "state"),
    ("Time left", "due_at"),
    ("Policy says", None),
    ("Missing", None),
    ("Who has it", "held_by"),
)


@dataclass(frozen=True, slots=True)
class Closed:
    """Why she can't claim the rows of this page that nobody has: each reason once, and by row which."""

    reasons: tuple[LedgerError, ...] = ()
    of: Mapping[str, int] = field(default_factory=dict)


@router.get(PATH)
def worklist_page(
    request: Request, lists: ListsOfRequest, commanding: CommandingOfRequest, asked: AskedOfRequest
) -> Response:
    return _page(request, lists, commanding, asked)


@router.get(f"{PATH}/rows")
def worklist_rows(
    request: Request,
    lists: ListsOfRequest,
    commanding: CommandingOfRequest,
    asked: AskedOfRequest,
    seen: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """The part that refreshes itself; 204 while it would say what it says already, so nobody is looked at again."""
    page = lists.worklist_unless(
        asked.filters(lists.access.actor), asked.paging(), lambda found: _digest(commanding, found) == seen
    )
    if page is None:
        return Response(status_code=204)
    return rendered(request, "lists/worklist_listing.html.j2", **_shown(lists, page, commanding, asked))


@router.post(f"{PREFIX}/requests/{{request_id}}/claim")
def claim_request(
    request: Request,
    lists: ListsOfRequest,
    commanding: CommandingOfRequest,
    request_id: RequestIdInPath,
    form: FormOfRequest,
) -> Response:
    command = AssignRequest(request_id=request_id, to=commanding.caller.actor)
    return _done(request, lists, commanding, request_id, form, command)


@router.post(f"{PREFIX}/requests/{{request_id}}/release-claim")
def release_request(
    request: Request,
    lists: ListsOfRequest,
    commanding: CommandingOfRequest,
    request_id: RequestIdInPath,
    form: FormOfRequest,
) -> Response:
    return _done(request, lists, commanding, request_id, form, ReleaseRequest(request_id=request_id))


@router.post(f"{PREFIX}/appeals/{{appeal_id}}/claim")
def claim_appeal(
    request: Request,
    lists: ListsOfRequest,
    commanding: CommandingOfRequest,
    appeal_id: AppealIdInPath,
    form: FormOfRequest,
) -> Response:
    command = AssignAppeal(appeal_id=appeal_id, to=commanding.caller.actor)
    return _done(request, lists, commanding, appeal_id, form, command)


# -- the page ---------------------------------------------------------------------------------


def _page(
    request: Request, lists: ListAccess, commanding: Commanding, asked: WorklistAddress, tried: Tried | None = None
) -> Response:
    page = lists.worklist(asked.filters(lists.access.actor), asked.paging())
    return rendered(
        request,
        "lists/worklist.html.j2",
        tried.status if tried is not None else 200,
        tried=tried,
        clauses=_clauses(page.as_of),
        **_shown(lists, page, commanding, asked),
    )


def _shown(lists: ListAccess, page: Worklist, commanding: Commanding, asked: WorklistAddress) -> dict[str, Any]:
    return {
        "asked": asked,
        "own_id": commanding.caller.actor.id,
        "page": page,
        "total": sum(page.counts.values()),
        "states": STATES,
        "headings": HEADINGS,
        "closed": _closed(lists, commanding, page),
        "seen": _digest(commanding, page),
        "waits_for": waits_for,
        "short_number": short_number,
        "listing_path": PATH,
    }


def _digest(commanding: Commanding, page: Worklist) -> str:
    """Of all that is shown, and of the hour, for how much time is left is said in hours."""
    hour = page.clocks_at.strftime("%Y-%m-%dT%H")
    said = page.model_dump_json(exclude={"clocks_at"})
    return hashlib.sha256(f"{commanding.caller.actor.id} {hour} {said}".encode()).hexdigest()


def _clauses(day: date) -> list[tuple[str, str]]:
    """What can be missing, for the filter: the leaves of the edition of the day."""
    try:
        leaves = edition_for(day).leaves
    except EditionUnknown:
        return []
    return [(one.citation, f"{one.citation} {one.paraphrase}") for one in leaves]


# -- who can claim what -------------------------------------------------------------------------


def _closed(lists: ListAccess, commanding: Commanding, page: Worklist) -> Closed:
    """As the domain itself would refuse it now; the histories are read together."""
    actor = commanding.caller.actor
    free = [one for one in page.items if one.held_by is None]
    histories = lists.histories([one.patient_id for one in free])
    reasons: dict[str, LedgerError] = {}
    of: dict[str, int] = {}
    for item in free:
        history = histories.get(item.patient_id)
        if history is None:
            continue
        claim = AssignAppeal if item.kind == "appeal" else AssignRequest
        refusal = may(history, occasion_of(commanding, history), claim, Assigning(item.subject_id, actor))
        if refusal is not None:
            reasons.setdefault(str(refusal), refusal)
            of[item.subject_id] = list(reasons).index(str(refusal)) + 1
    return Closed(tuple(reasons.values()), of)


# -- claimed and released -----------------------------------------------------------------------


def _done(
    request: Request, lists: ListAccess, commanding: Commanding, subject_id: str, form: Form, command: Command
) -> Response:
    """Back to the list as it was looked at; from another page than the list, to the record itself."""
    query = form.text("query")
    try:
        outcome = _recorded(commanding, subject_id, form, command)
    except LedgerError as error:
        tell_of_denial(request, error)
        return _page(request, lists, commanding, asked_on(query or ""), refused("claim", form, error))
    if "query" not in form.texts:
        kind = "appeals" if isinstance(command, AssignAppeal) else "requests"
        return leads_to(request, f"{PREFIX}/{kind}/{subject_id}", outcome)
    return leads_to(request, asked_on(query or "").address(), outcome)


def _recorded(commanding: Commanding, subject_id: str, form: Form, command: Command) -> Outcome:
    """Recorded only if whoever has it is still who was shown: two who claim at once do not take it from each other."""
    caller, patient_id = commanding.caller, patient_of(subject_id)
    for _ in range(TRIES):
        history = history_to_change(commanding, patient_id)
        moved = _moved(history, subject_id, form.text("held_by") or "", caller.actor)
        if moved is not None and not _was_sent_before(commanding, form):
            subject = subject_id if isinstance(command, ReleaseRequest) else Assigning(subject_id, caller.actor)
            with recording_refusals(commanding.access(), patient_id, command, caller.actor):
                refusal = may(history, occasion_of(commanding, history), type(command), subject)
                raise refusal if isinstance(refusal, NotPermitted) else moved
        try:
            return run(commanding, patient_id, command, Response(), form.key, tag_of(history))
        except StaleVersion:
            continue
    raise Conflict("others keep changing this history", remedy="look at the list again and send it once more")


def _moved(history: PatientHistory, subject_id: str, was: str, actor: Actor) -> Conflict | None:
    """Who has it now, where that is not who was shown to have it."""
    holder = _holder(history, subject_id)
    if (holder.id if holder is not None else "") == was:
        return None
    if holder is None:
        return Conflict("nobody has it any more", remedy="claim it in its row, if it shall be yours")
    if holder.id == actor.id:
        return Conflict("you have it already", remedy="open it; nothing is left to do here")
    return Conflict(
        f"{holder.name} has it now: somebody was first", remedy=f"take another, or ask {holder.name} to release it"
    )


def _holder(history: PatientHistory, subject_id: str) -> Actor | None:
    if (request := history.request(subject_id)) is not None:
        return request.held_by
    if (appeal := history.appeal(subject_id)) is not None:
        return appeal.assigned_to
    raise NotFound("it is not on record", field="request_id", remedy="look at the list again")


def _was_sent_before(commanding: Commanding, form: Form) -> bool:
    """Then it is answered as it was the first time, whatever came since."""
    key = form.key
    return key is not None and commanding.ledger.was_sent(key, commanding.caller.actor)
