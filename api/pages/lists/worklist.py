"""The worklist page: open cases with their due dates and assignment. A case is assigned and released in its row."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from api.http.etags import tag_of
from api.http.problems import log_denial
from api.pages.form_commands import RefusedForm, occasion_of, refused_form
from api.pages.forms import Form, FormOfRequest
from api.pages.lists.worklist_filters import PATH, QueryOfRequest, WorklistAddress, query_of_page
from api.pages.redirects import recorded_in, redirect_to
from api.pages.rendering import PREFIX, rendered
from api.record_access.commands import recording_refusals
from api.record_access.http import ListsOfRequest
from api.record_access.list_access import ListAccess
from api.record_access.patient_access import patient_of
from api.routes.dependencies import (
    AppealIdInPath,
    CommandRunner,
    CommandRunnerOfRequest,
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
from projections.worklist.rows import NOT_ASSIGNED, STATES
from projections.worklist.text import short_number, waits_for

router = APIRouter(include_in_schema=False)

TRIES: Final = 3
"""How often an assignment is tried if the history changes at the same time."""

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
class UnclaimableCases:
    """Why the user may not claim unassigned cases of this page.

    `reasons` has each reason once. `of` has the number of the reason, from 1, for the ID of each case.
    """

    reasons: tuple[LedgerError, ...] = ()
    of: Mapping[str, int] = field(default_factory=dict)


@router.get(PATH)
def worklist_page(
    request: Request, lists: ListsOfRequest, commanding: CommandRunnerOfRequest, asked: QueryOfRequest
) -> Response:
    return _page(request, lists, commanding, asked)


@router.get(f"{PATH}/rows")
def worklist_rows(
    request: Request,
    lists: ListsOfRequest,
    commanding: CommandRunnerOfRequest,
    asked: QueryOfRequest,
    seen: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """The part of the page that refreshes itself. Status 204, without an access, if it would be the same as before."""
    page = lists.worklist_unless(
        asked.filters(lists.access.actor), asked.paging(), lambda current: _digest(commanding, current) == seen
    )
    if page is None:
        return Response(status_code=204)
    return rendered(request, "lists/worklist_listing.html.j2", **_shown(lists, page, commanding, asked))


@router.post(f"{PREFIX}/requests/{{request_id}}/claim")
def claim_request(
    request: Request,
    lists: ListsOfRequest,
    commanding: CommandRunnerOfRequest,
    request_id: RequestIdInPath,
    form: FormOfRequest,
) -> Response:
    command = AssignRequest(request_id=request_id, to=commanding.caller.actor)
    return _assign(request, lists, commanding, request_id, form, command)


@router.post(f"{PREFIX}/requests/{{request_id}}/release-claim")
def release_request(
    request: Request,
    lists: ListsOfRequest,
    commanding: CommandRunnerOfRequest,
    request_id: RequestIdInPath,
    form: FormOfRequest,
) -> Response:
    return _assign(request, lists, commanding, request_id, form, ReleaseRequest(request_id=request_id))


@router.post(f"{PREFIX}/appeals/{{appeal_id}}/claim")
def claim_appeal(
    request: Request,
    lists: ListsOfRequest,
    commanding: CommandRunnerOfRequest,
    appeal_id: AppealIdInPath,
    form: FormOfRequest,
) -> Response:
    command = AssignAppeal(appeal_id=appeal_id, to=commanding.caller.actor)
    return _assign(request, lists, commanding, appeal_id, form, command)


# -- the page ---------------------------------------------------------------------------------


def _page(
    request: Request,
    lists: ListAccess,
    commanding: CommandRunner,
    asked: WorklistAddress,
    tried: RefusedForm | None = None,
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


def _shown(lists: ListAccess, page: Worklist, commanding: CommandRunner, asked: WorklistAddress) -> dict[str, Any]:
    return {
        "asked": asked,
        "own_id": commanding.caller.actor.id,
        "page": page,
        "total": sum(page.counts.values()),
        "states": STATES,
        "not_assigned": NOT_ASSIGNED,
        "headings": HEADINGS,
        "closed": _unclaimable(lists, commanding, page),
        "seen": _digest(commanding, page),
        "waits_for": waits_for,
        "short_number": short_number,
        "listing_path": PATH,
    }


def _digest(commanding: CommandRunner, page: Worklist) -> str:
    """A digest of everything that the listing shows, and of the hour, because the time left is shown in hours."""
    hour = page.clocks_at.strftime("%Y-%m-%dT%H")
    content = page.model_dump_json(exclude={"clocks_at"})
    return hashlib.sha256(f"{commanding.caller.actor.id} {hour} {content}".encode()).hexdigest()


def _clauses(day: date) -> list[tuple[str, str]]:
    """The clauses that a case can need, for the filter: the leaves of the edition that is in effect on the day."""
    try:
        leaves = edition_for(day).leaves
    except EditionUnknown:
        return []
    return [(leaf.citation, f"{leaf.citation} {leaf.paraphrase}") for leaf in leaves]


# -- cases that the user may not claim ----------------------------------------------------------


def _unclaimable(lists: ListAccess, commanding: CommandRunner, page: Worklist) -> UnclaimableCases:
    """The refusals with which the domain would answer a claim now. All histories are read in one query."""
    actor = commanding.caller.actor
    unassigned = [item for item in page.items if item.held_by is None and item.state not in NOT_ASSIGNED]
    histories = lists.histories([item.patient_id for item in unassigned])
    reasons: dict[str, LedgerError] = {}
    of: dict[str, int] = {}
    for item in unassigned:
        history = histories.get(item.patient_id)
        if history is None:
            continue
        claim = AssignAppeal if item.kind == "appeal" else AssignRequest
        refusal = may(history, occasion_of(commanding), claim, Assigning(item.subject_id, actor))
        if refusal is not None:
            reasons.setdefault(str(refusal), refusal)
            of[item.subject_id] = list(reasons).index(str(refusal)) + 1
    return UnclaimableCases(tuple(reasons.values()), of)


# -- assignment ---------------------------------------------------------------------------------


def _assign(
    request: Request, lists: ListAccess, commanding: CommandRunner, subject_id: str, form: Form, command: Command
) -> Response:
    """Assigns or releases a case, and redirects to the list as it was, or to the case if the form was on another page.

    If the command is refused, the response is the list with the reason.
    """
    query = form.text("query")
    try:
        outcome = _record_assignment(commanding, subject_id, form, command)
    except LedgerError as error:
        log_denial(request, error)
        return _page(request, lists, commanding, query_of_page(query or ""), refused_form("claim", form, error))
    recorded = recorded_in(commanding, outcome)
    if "query" not in form.texts:
        kind = "appeals" if isinstance(command, AssignAppeal) else "requests"
        return redirect_to(request, f"{PREFIX}/{kind}/{subject_id}", recorded)
    return redirect_to(request, query_of_page(query or "").address(), recorded)


def _record_assignment(commanding: CommandRunner, subject_id: str, form: Form, command: Command) -> Outcome:
    """Records an assignment or a release, if the case is still assigned to the user that the page showed.

    So two users who claim a case at the same time do not take it from each other. Raises Conflict, or NotPermitted if
    the user may not give the command at all.
    """
    caller, patient_id = commanding.caller, patient_of(subject_id)
    for _ in range(TRIES):
        history = history_to_change(commanding, patient_id)
        conflict = _assignment_conflict(history, subject_id, form.text("held_by") or "", caller.actor)
        if conflict is not None and not _was_sent_before(commanding, form):
            subject = subject_id if isinstance(command, ReleaseRequest) else Assigning(subject_id, caller.actor)
            with recording_refusals(commanding.access(), patient_id, command, caller.actor):
                refusal = may(history, occasion_of(commanding), type(command), subject)
                raise refusal if isinstance(refusal, NotPermitted) else conflict
        try:
            return run(commanding, patient_id, command, Response(), form.key, tag_of(commanding.versions(history)))
        except StaleVersion:
            continue
    raise Conflict("others keep changing this history", remedy="look at the list again and send it once more")


def _assignment_conflict(history: PatientHistory, subject_id: str, shown: str, actor: Actor) -> Conflict | None:
    """A conflict that names the current holder of the case, if it is not the user with the ID `shown` ("" for none)."""
    holder = _holder(history, subject_id)
    if (holder.id if holder is not None else "") == shown:
        return None
    if holder is None:
        return Conflict("nobody has it any more", remedy="claim it in its row, if it shall be yours")
    if holder.id == actor.id:
        return Conflict("you have it already", remedy="open it; nothing is left to do here")
    return Conflict(
        f"{holder.name} has it now: somebody was first", remedy=f"take another, or ask {holder.name} to release it"
    )


def _holder(history: PatientHistory, subject_id: str) -> Actor | None:
    """The user to whom the request or appeal is assigned. Raises NotFound."""
    if (request := history.request(subject_id)) is not None:
        return request.held_by
    if (appeal := history.appeal(subject_id)) is not None:
        return appeal.assigned_to
    raise NotFound("it is not on record", field="request_id", remedy="look at the list again")


def _was_sent_before(commanding: CommandRunner, form: Form) -> bool:
    """Whether the form was recorded before. Then it gets the same response, whatever has changed since."""
    key = form.key
    return key is not None and commanding.ledger.was_sent(key, commanding.caller.actor)
