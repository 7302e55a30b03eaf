"""`/fhir`: the audit trail for auditors, searched by patient and date, and read by id."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Iterable, Mapping
from http import HTTPStatus
from importlib.metadata import version
from typing import Annotated, Any, Final
from uuid import UUID

from eventsourcing.persistence import PersistenceError
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic_core import to_json

from api.fhir import audit_events, provenance
from api.fhir.bundles import capabilities, outcome, search_set
from api.fhir.codes import Resource
from api.fhir.event_mapping import is_of_patient
from api.fhir.ndjson import audit_event
from api.fhir.paging import EventFilter, TrailItem, TrailPage, page, patient_of
from api.fhir.search_parameters import SearchQuery, asked_of
from api.http import examples
from api.http.bodies import CheckedJsonRoute
from api.http.problems import FHIR, STATUS, log_denial
from api.record_access.http import AccessOfRequest
from api.routes.dependencies import LedgerOfApp
from api.text.invalid_values import invalid_value
from domain.errors import InvalidCommand, LedgerError, NotFound
from domain.events.base import Event
from domain.ledger.access_log.rows import rows_of_batch
from domain.ledger.application import Ledger
from domain.ledger.errors import StoreError
from domain.permissions.views import check_may_see

_ID: Final = re.compile(r"(?P<kind>[ea])\.(?P<stream>[0-9a-f]{32})\.(?P<number>[1-9]\d{0,17})", re.ASCII)


class FhirJson(JSONResponse):
    """A JSON answer with the media type of FHIR."""

    media_type = FHIR

    def render(self, content: Any) -> bytes:
        return to_json(content)


class FhirRoute(CheckedJsonRoute):
    """A route that answers errors with an OperationOutcome."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer_errors(request: Request) -> Response:
            try:
                return await handle(request)
            except InvalidCommand as error:
                return _refused(400, str(error))
            except LedgerError as error:
                log_denial(request, error)
                return _refused(int(STATUS[type(error)]), str(error))
            except RequestValidationError as error:
                unknown = any(one["type"] == "unknown_parameter" for one in error.errors())
                text = "; ".join(_about_parameter(one) for one in error.errors())
                return _refused(400, text, code="not-supported" if unknown else "invalid")
            except (PersistenceError, StoreError):
                return _refused(503, "The database is not available. Send the same request again.")

        return answer_errors


def _about_parameter(error: Mapping[str, Any]) -> str:
    """What is wrong with a parameter, after its name. An unknown parameter is not named: it may be any text."""
    _, *name = error["loc"]
    return ": ".join([*map(str, name), str(invalid_value(error))])


def _refused(status: int, text: str, *, code: str | None = None) -> Response:
    return FhirJson(outcome(status, text, code=code), status, headers=_NO_STORE | _retry_header(status))


def _retry_header(status: int) -> dict[str, str]:
    return {"Retry-After": "1"} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}


_NO_STORE: Final = {"Cache-Control": "private, no-store"}

MEANING: Final = {
    400: "A parameter is not supported. The OperationOutcome names the parameter.",
    403: "Only an auditor may read the audit trail.",
    404: "There is no resource with this id.",
    422: "The value of X-Purpose-Of-Use is not a known purpose.",
    503: "The database is not available.",
}


def _fhir_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {one: {"description": MEANING[one], "content": {FHIR: {}}} for one in (*statuses, 422, 503)}


router = APIRouter(prefix="/fhir", tags=["fhir"], route_class=FhirRoute, default_response_class=FhirJson)

_AN_EVENT: Final = f"e.{examples.PATIENT.replace('-', '')}.1"
IdInPath = Annotated[
    str, Path(max_length=64, description="The id of the resource, from a search.", examples=[_AN_EVENT])
]
OfPatient = Annotated[
    str | None,
    Query(
        alias="patient",
        description="`Patient/` and the random id of the patient.",
        examples=[f"Patient/{examples.PATIENT}"],
    ),
]
WHEN: Final = "The time of recording, with the prefix eq, ge, gt, le or lt. This parameter may be repeated."
Dates = Annotated[list[str], Query(alias="date", description=WHEN, examples=[["ge2026-04-20"]])]
Recorded = Annotated[list[str], Query(alias="recorded", description=WHEN, examples=[["ge2026-04-20"]])]
Count = Annotated[
    str | None,
    Query(alias="_count", description="The maximum number of resources on a page, from 1 to 200.", examples=["50"]),
]
Format = Annotated[
    str | None, Query(alias="_format", description="The response format. Only JSON is supported.", examples=["json"])
]
PageCursor = Annotated[
    str | None,
    Query(
        alias="page",
        max_length=400,
        description="The position in the results, from the next link of the previous page.",
        examples=["WyIyMDI2Il0"],
    ),
]
Target = Annotated[
    str | None,
    Query(
        alias="target", description="The patient whose record was changed.", examples=[f"Patient/{examples.PATIENT}"]
    ),
]
TargetIdentifier = Annotated[
    str | None,
    Query(
        alias="target:identifier",
        description="The id of the changed record in the ledger, with an optional "
        "system and a vertical bar before the id.",
        examples=[f"urn:lemtrada-ledger:request|{examples.PATIENT}.r1"],
    ),
]


@router.get("/metadata", responses=_fhir_responses(400))
def get_metadata(request: Request, _format: Format = None) -> Response:
    """Describe the FHIR interface as a CapabilityStatement."""
    return FhirJson(capabilities(version("lemtrada-ledger"), _base(request)))


@router.get("/AuditEvent", responses=_fhir_responses(400, 403))
def search_audit_events(
    access: AccessOfRequest,
    ledger: LedgerOfApp,
    request: Request,
    _patient: OfPatient = None,
    _date: Dates = [],  # noqa: B006  (the framework copies it)
    _count: Count = None,
    _page: PageCursor = None,
    _format: Format = None,
) -> Response:
    """Search changes, accesses and changes of users, for one patient or for all."""
    check_may_see(access.user, "audit_events")
    search = asked_of(request.query_params, ledger.zone, "date")
    result = _page_of(ledger, search, _filter_of(search), with_reads=True)
    access.record(_patients_shown(ledger, search, result), "audit_events")
    return _bundle(request, "AuditEvent", [audit_event(one, ledger.ledger_id) for one in result.items], search, result)


@router.get("/AuditEvent/{resource_id}", responses=_fhir_responses(400, 403, 404))
def read_audit_event(
    access: AccessOfRequest, ledger: LedgerOfApp, resource_id: IdInPath, _format: Format = None
) -> Response:
    """Return one change, access, or change of users."""
    check_may_see(access.user, "audit_events")
    item = _item_by_id(ledger, resource_id)
    if item.event is not None and type(item.event) in audit_events.WITHOUT_AUDIT_EVENT:
        raise _not_found()
    access.record(_patients([item]), "audit_events")
    return FhirJson(audit_event(item, ledger.ledger_id), headers=_NO_STORE)


@router.get("/Provenance", responses=_fhir_responses(400, 403))
def search_provenances(
    access: AccessOfRequest,
    ledger: LedgerOfApp,
    request: Request,
    _patient: OfPatient = None,
    _recorded: Recorded = [],  # noqa: B006  (the framework copies it)
    _target: Target = None,
    _identifier: TargetIdentifier = None,
    _count: Count = None,
    _page: PageCursor = None,
    _format: Format = None,
) -> Response:
    """Search changes of patient records: what changed, when, by whom, and from which source."""
    check_may_see(access.user, "audit_events")
    search = asked_of(request.query_params, ledger.zone, "recorded")

    def is_wanted(event: Event) -> bool:
        return is_of_patient(event) and provenance.is_of(event, search.target, search.identifier)

    result = _page_of(ledger, search, is_wanted, with_reads=False)
    access.record(_patients_shown(ledger, search, result), "audit_events")
    events = [one.event for one in result.items if one.event is not None]
    return _bundle(
        request, "Provenance", [provenance.of_change(one, ledger.ledger_id) for one in events], search, result
    )


@router.get("/Provenance/{resource_id}", responses=_fhir_responses(400, 403, 404))
def read_provenance(
    access: AccessOfRequest, ledger: LedgerOfApp, resource_id: IdInPath, _format: Format = None
) -> Response:
    """Return one change of a patient record."""
    check_may_see(access.user, "audit_events")
    item = _item_by_id(ledger, resource_id)
    if item.event is None or not is_of_patient(item.event):
        raise _not_found()
    access.record(_patients([item]), "audit_events")
    return FhirJson(provenance.of_change(item.event, ledger.ledger_id), headers=_NO_STORE)


# -- functions that the routes share ----------------------------------------------------------


def _filter_of(search: SearchQuery) -> EventFilter:
    """The filter for events: the patient's events for a search by patient, else also the system events."""
    return is_of_patient if search.patient_id is not None else audit_events.is_exported


def _page_of(ledger: Ledger, search: SearchQuery, wanted: EventFilter, *, with_reads: bool) -> TrailPage:
    return page(
        ledger,
        search.period,
        wanted,
        patient_id=search.patient_id,
        with_reads=with_reads,
        place=search.place,
        limit=search.count,
    )


def _patients(items: Iterable[TrailItem]) -> list[UUID | None]:
    """The patients of the items. `[None]` if no item concerns a patient, and empty if there is no item."""
    patients = [patient_of(one) for one in items]
    return [one for one in patients if one is not None] or patients[:1]


def _patients_shown(ledger: Ledger, search: SearchQuery, result: TrailPage) -> list[UUID | None]:
    """The patient of a search by patient, also for an empty result. For other searches, the patients in the result.

    A search by a patient who is not on record shows no patient.
    """
    if search.patient_id is None:
        return _patients(result.items)
    if not result.items and not next(iter(ledger.events.between(search.patient_id, 1, 1)), None):
        return []
    return [search.patient_id]


def _item_by_id(ledger: Ledger, resource_id: str) -> TrailItem:
    """The event or access with the id of a resource. Raises NotFound."""
    match = _ID.fullmatch(resource_id)
    if match is None:
        raise _not_found()
    stream, number = UUID(match["stream"]), int(match["number"])
    if match["kind"] == "e":
        events: tuple[Event, ...] = ledger.events.between(stream, number, number)
        items = [TrailItem(event, None) for event in events]
    else:
        items = [TrailItem(None, row) for row in rows_of_batch(ledger, stream, number, 1)]
    if not items:
        raise _not_found()
    return items[0]


def _not_found() -> NotFound:
    return NotFound("the resource was not found", field="id", remedy="use an id from a search")


def _bundle(request: Request, kind: str, resources: list[Resource], search: SearchQuery, result: TrailPage) -> Response:
    cursor = result.next.cursor() if result.next is not None else None
    return FhirJson(search_set(_base(request), kind, resources, search.parameters, cursor), headers=_NO_STORE)


def _base(request: Request) -> str:
    return f"{request.base_url}fhir"
