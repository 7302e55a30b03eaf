"""The audit pages: search of the audit trail, one event with its proof, the access log, and verification."""

from __future__ import annotations

from typing import Annotated, Any, Final, cast
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import TypeAdapter

from api.pages.admin.verification_runs import Runs, checkpoint_given, key_given
from api.pages.form_commands import refused_form
from api.pages.forms import FormOfRequest
from api.pages.rendering import PREFIX, TITLES, rendered
from api.record_access.http import AccessOfRequest, ListsOfRequest
from api.record_access.patient_access import PatientAccess
from api.routes.accesses import AfterPage
from api.routes.dependencies import LedgerOfApp, Limit, PatientIdInPath
from api.routes.seal import SealingOfApp
from domain.calendar import Day
from domain.errors import InvalidCommand, LedgerError, NotFound
from domain.events import PATIENT_EVENTS, PatientEvent
from domain.ledger.access_log.report import AccessQuery
from domain.ledger.event_search import EventQuery
from domain.ledger.sealing.sealing import Sealing
from domain.permissions import views
from domain.seal.encoding import base64_of
from domain.seal.merkle import check_inclusion
from domain.seal.notes import open_note, read_verifying_key
from projections.audit_trail import audit_trail
from projections.timeline import entry as in_words

router = APIRouter(include_in_schema=False)

AUDIT: Final = f"{PREFIX}/audit"
OF_PATIENT: Final = f"{PREFIX}/patients/{{patient_id}}"

EventKind = Annotated[str | None, Query(pattern=r"^[A-Za-z]*$", max_length=60)]
Before = Annotated[int | None, Query(ge=1)]
Correlated = Annotated[str | None, Query(max_length=40)]
Version = Annotated[int, Path(ge=1, le=1_000_000)]


@router.get(AUDIT)
def audit_page(
    request: Request,
    lists: ListsOfRequest,
    sealing: SealingOfApp,
    actor: Annotated[str | None, Query(max_length=100)] = None,
    kind: EventKind = None,
    since: Annotated[str | None, Query(alias="from", max_length=10)] = None,
    until: Annotated[str | None, Query(alias="to", max_length=10)] = None,
    command: Correlated = None,
    before: Before = None,
) -> Response:
    """A search of all events for auditors. For other users, the way to the audit trail of one patient."""
    views.check_may_see(lists.access.user, "audit_trail")
    sees_all = lists.access.actor.role in views.MAY_SEE["audit_events"]
    asked = {"actor": actor or "", "kind": kind or "", "from": since or "", "to": until or "", "command": command or ""}
    is_search = before is not None or any(asked.values())
    found, problem = None, None
    if sees_all and is_search:
        try:
            found = lists.search(_search(asked, before))
        except LedgerError as error:
            problem = error
    hits = found.events if found is not None else ()
    events = [
        (event, in_words(cast("PatientEvent", event), lists.access.zone))
        for _, event in hits
        if isinstance(event, PATIENT_EVENTS)
    ]
    others = [event for _, event in hits if not isinstance(event, PATIENT_EVENTS)]
    return rendered(
        request,
        "admin/audit.html.j2",
        422 if problem is not None else 200,
        sees_all=sees_all,
        asked=asked,
        found=found,
        events=events,
        others=others,
        wrong=problem,
        kinds=sorted(TITLES.items(), key=lambda topic_and_title: topic_and_title[1]),
        seal=_seal(sealing),
    )


def _search(asked: dict[str, str], before: int | None) -> EventQuery:
    """The query of the search form. Raises InvalidCommand for a day or an ID that cannot be read."""
    try:
        days = {name: TypeAdapter(Day).validate_python(asked[name]) if asked[name] else None for name in ("from", "to")}
        command = UUID(asked["command"]) if asked["command"] else None
    except ValueError:
        raise InvalidCommand(
            "a day or an id cannot be read", field="from", remedy="write days as 2026-04-28, and the id as it is shown"
        ) from None
    return EventQuery(
        actor_id=asked["actor"] or None,
        topic=asked["kind"] or None,
        since=days["from"],
        until=days["to"],
        command_id=command,
        before=before,
    )


# -- the audit trail of one patient -------------------------------------------------------------


@router.get(f"{OF_PATIENT}/events")
def events_page(
    request: Request,
    access: AccessOfRequest,
    patient_id: PatientIdInPath,
    before: Before = None,
    limit: Limit = 50,
) -> Response:
    """Every event of one patient's history, newest first."""
    with access.latest_events(patient_id, "audit_trail", before, limit) as (events, newest):
        shown = events[::-1]
    return rendered(
        request,
        "admin/events.html.j2",
        patient_id=patient_id,
        entries=[in_words(event, access.zone) for event in shown],
        commands={event.originator_version: event.command_id for event in shown},
        total=newest,
        goes_on=shown[-1].originator_version if shown and shown[-1].originator_version > 1 else None,
    )


@router.get(f"{OF_PATIENT}/events/{{version}}")
def event_page(
    request: Request, access: AccessOfRequest, sealing: SealingOfApp, patient_id: PatientIdInPath, version: Version
) -> Response:
    """One event: what it changed, all its fields, and its proof, which is checked when the page is rendered."""
    with access.trail_between(patient_id, version, version, subject=str(version)) as (before, events, newest):
        if not events:
            raise NotFound("no such event", field="version", remedy="send a version that is on record")
        (event,), (entry,) = events, audit_trail(events, before)
        of_command = access.versions_of_command(event)
    return rendered(
        request,
        "admin/event.html.j2",
        patient_id=patient_id,
        entry=entry,
        words=in_words(event, access.zone),
        beside=of_command,
        last=newest,
        proof=_proof(access, sealing, patient_id, version),
    )


def _proof(access: PatientAccess, sealing: Sealing, patient_id: UUID, version: int) -> dict[str, Any] | None:
    """The proof that the checkpoint covers the event's stored bytes, and the signers of the checkpoint.

    The proof and the signatures are checked by this call. None if no checkpoint covers the event yet.
    """
    place = sealing.place_of(patient_id, version)
    if place is None or place.checkpoint is None:
        return None
    entry, signed = access.entry(patient_id, version), place.checkpoint
    proof = sealing.proof_of(place.leaf_index, signed)
    checkpoint = signed.checkpoint
    is_included = check_inclusion(place.leaf_index, checkpoint.size, entry.leaf_hash(), proof.path, checkpoint.root)
    keys = [read_verifying_key(text) for text in sealing.origins.verifying_keys()]
    try:
        _, signers = open_note(signed.note, keys)
    except ValueError:
        signers = ()
    return {
        "index": place.leaf_index,
        "checkpoint": checkpoint,
        "note": signed.note,
        "leads": is_included,
        "signers": [key.text() for key in signers],
        "leaf_input": entry.leaf_input().decode(),
        "leaf_input_base64": base64_of(entry.leaf_input()),
        "leaf_hash": base64_of(entry.leaf_hash()),
        "path": [base64_of(node) for node in proof.path],
        "root": base64_of(checkpoint.root),
    }


@router.get(f"{OF_PATIENT}/accesses")
def accesses_page(
    request: Request,
    lists: ListsOfRequest,
    patient_id: PatientIdInPath,
    actor: Annotated[str | None, Query(max_length=100)] = None,
    since: Annotated[str | None, Query(alias="from", max_length=10)] = None,
    until: Annotated[str | None, Query(alias="to", max_length=10)] = None,
    after: AfterPage = None,
) -> Response:
    """The access log of one patient, newest first."""
    asked = {"actor": actor or "", "from": since or "", "to": until or ""}
    days = _search({**asked, "kind": "", "command": ""}, None)
    page = lists.accesses(AccessQuery(patient_id, actor or None, days.since, days.until, after, 50))
    return rendered(request, "admin/accesses.html.j2", patient_id=patient_id, page=page, asked=asked)


# -- verification of the ledger -----------------------------------------------------------------


@router.post(f"{AUDIT}/verify")
def verify_now(request: Request, access: AccessOfRequest, ledger: LedgerOfApp, form: FormOfRequest) -> Response:
    """Starts a verification, and redirects to its page."""
    views.check_may_see(access.actor, "export")
    try:
        key, given = key_given(form.text("vkey")), checkpoint_given(form.text("checkpoint"))
        run = _runs(request).start(ledger, access.actor.name, key, given)
    except LedgerError as error:
        tried = refused_form("verify", form, error)
        return rendered(request, "admin/verification.html.j2", tried.status, run=None, tried=tried)
    return RedirectResponse(f"{AUDIT}/verify/{run.id}", 303)


@router.get(f"{AUDIT}/verify")
def verify_page(request: Request, access: AccessOfRequest) -> Response:
    views.check_may_see(access.actor, "export")
    return rendered(request, "admin/verification.html.j2", run=None)


@router.get(f"{AUDIT}/verify/{{run}}")
def run_page(request: Request, access: AccessOfRequest, run: UUID) -> Response:
    views.check_may_see(access.actor, "export")
    return rendered(request, "admin/verification.html.j2", run=_runs(request).named(run))


@router.get(f"{AUDIT}/verify/{{run}}/progress")
def run_progress(request: Request, access: AccessOfRequest, run: UUID) -> Response:
    """The part of the page that shows the progress, which refreshes itself."""
    views.check_may_see(access.actor, "export")
    return rendered(request, "admin/verification_run.html.j2", run=_runs(request).named(run))


def _runs(request: Request) -> Runs:
    """The verifications of this process, which are created at the first use."""
    state = request.app.state
    if not hasattr(state, "runs"):
        state.runs = Runs()
    return cast("Runs", state.runs)


def _seal(sealing: Sealing) -> dict[str, Any]:
    """The state of the seal: the origin, the newest checkpoint, and the number of events that are not sealed yet."""
    origin = sealing.origins.current()
    newest = sealing.store.newest(origin)
    return {
        "origin": origin,
        "unsealed": sealing.store.unsealed(),
        "size": newest.size if newest is not None else None,
        "signed_at": newest.signed_at if newest is not None else None,
        "refusal": sealing.refusal,
        "not_published": sealing.not_published,
    }
