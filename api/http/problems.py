"""Errors of the API as RFC 9457 problem details: the cause, the field or clause, and what to send instead.

No text repeats a value that the client sent. An error may be logged, and the value may be a patient's data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from eventsourcing.persistence import PersistenceError
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, JsonValue
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from api.http import security_log
from api.http.openapi_document import add_descriptions
from api.text.invalid_values import invalid_value
from domain import errors
from domain.ledger.clocks.clock_check import ClockNotTrusted
from domain.ledger.errors import DocumentDamaged, StoreError
from domain.ledger.stores.unavailable import SEND_AGAIN, Busy, Unavailable
from domain.review.assessment_changes import Change

MEDIA_TYPE: Final = "application/problem+json"
TYPES: Final = "urn:lemtrada-ledger:problem:"
FHIR: Final = "application/fhir+json"
"""The media type of FHIR. A FHIR client receives an error as an OperationOutcome, not as a problem."""


class UnreadableBody(Exception):
    """The body is not JSON. The message states the position of the fault, never the text around it."""


class WrongContentType(Exception):
    """The Content-Type of the body is not JSON."""


class BodyTooLarge(Exception):
    """The body is larger than `bytes_max`."""

    def __init__(self, bytes_max: int, remedy: str = "send one command in each request") -> None:
        super().__init__(f"The body is larger than {bytes_max} bytes.")
        self.remedy = remedy


class TooManyValues(BodyTooLarge):
    """The body has more values than any command needs."""

    def __init__(self, cause: str) -> None:
        Exception.__init__(self, cause)
        self.remedy = "send one command in each request"


class FirstErrors(RequestValidationError):
    """The first errors of a body with many values. There may be more."""


class InvalidField(BaseModel):
    """One invalid field, and what is wrong with it."""

    field: str
    problem: str


class Problem(BaseModel):
    """A problem as RFC 9457 describes it.

    `remedy` states what to send instead. `changed` lists the changes since the client viewed the assessment.
    """

    type: str = Field(examples=[f"{TYPES}assessment-moved"])
    title: str
    status: int
    detail: str
    field: str | None = None
    clause: str | None = None
    remedy: str
    errors: list[InvalidField] | None = None
    changed: list[Change] | None = None
    details: dict[str, JsonValue] | None = None


_READING: Final = frozenset({"GET", "HEAD"})
_QUESTIONS_BY_POST: Final = frozenset({"/assessments", "/patients/find"})
"""Questions that are sent with POST, so that the address does not contain a patient's identifiers."""
_FIELD_NAME: Final = re.compile(r"[a-z_]{1,40}|sha256|[0-9]{1,6}")

ERRORS_SHOWN_MAX: Final = 20
"""The most errors that one answer lists. A body can have a hundred thousand errors."""

STATUS: Final[dict[type[errors.LedgerError], HTTPStatus]] = {
    errors.InvalidCommand: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.NotPermitted: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.AssessmentMoved: HTTPStatus.CONFLICT,
    errors.AlreadyDecided: HTTPStatus.CONFLICT,
    errors.AlreadyRecorded: HTTPStatus.CONFLICT,
    errors.OriginalNotOnRecord: HTTPStatus.CONFLICT,
    errors.RecordedAsAnother: HTTPStatus.CONFLICT,
    errors.StaleVersion: HTTPStatus.PRECONDITION_FAILED,
    errors.KeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.EditionUnknown: HTTPStatus.UNPROCESSABLE_ENTITY,
}
assert set(STATUS) == errors.every_kind(), "every error has its status"

MEANING: Final[dict[int, str]] = {
    304: "Nothing has changed: `If-None-Match` names the current version.",
    400: "The body is not valid JSON in UTF-8.",
    401: "The caller is not signed in, or the token or session is no longer valid.",
    403: "The user does not have permission. `remedy` states who does.",
    404: "The patient, request, course, dose or other record was not found.",
    409: "The command conflicts with the current record. If the assessment has changed, `changed` lists the changes.",
    412: "`If-Match` names an earlier version of the record.",
    413: "The body is too large.",
    415: "The Content-Type is not JSON.",
    422: "A field or clause is invalid, or the idempotency key was already used with another command. The "
    "response names the field.",
    500: "The stored document is damaged or missing and was not sent.",
    503: "The database is not available.",
}

NO_ROUTE: Final[dict[int, tuple[str, str]]] = {
    404: ("There is nothing at this address.", "check the address; /openapi.json describes the API"),
    405: ("This address does not accept this method.", "use a method that the Allow header lists"),
}
"""What is said, and the remedy, where no route answers the request."""


SIGNED_IN: Final[dict[str, Any]] = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token from `token create` or from the plan's OpenID provider.",
    }
}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an operation that can answer with these statuses.

    `describe` sets the media type of problems.
    """
    return {
        status: {"description": MEANING[status]} | ({"model": Problem} if status >= HTTPStatus.BAD_REQUEST else {})
        for status in statuses
    }


BODY: Final = documented(400, 413, 415, 422)
"""The responses of every operation that takes a body."""
COMMAND: Final = documented(403, 404, 409, 412) | BODY
"""The responses of every command on a history that is open."""
QUERY: Final = documented(304, 403, 404, 422)
"""The responses of every question about a patient."""


def problem(status: int, title: str, detail: str, remedy: str, **more: Any) -> JSONResponse:
    """A problem as an answer. Its `type` is made from the title. `more` has the other fields of `Problem`."""
    kind = title.lower().replace(" ", "-")
    body = Problem(
        type=f"{TYPES}{kind}", title=title, status=status, detail=detail, remedy=errors.as_sentence(remedy), **more
    )
    content = body.model_dump(mode="json", exclude_none=True)
    if body.changed is not None:
        # A change from nothing, or to nothing, has null as its earlier or current value.
        content["changed"] = [one.model_dump(mode="json") for one in body.changed]
    return JSONResponse(content, status, media_type=MEDIA_TYPE)


def refused(request: Request, error: errors.LedgerError) -> JSONResponse:
    """A refusal of the domain as a problem, with the status that belongs to its class."""
    details: Mapping[str, Any] = error.details
    return problem(
        STATUS[type(error)],
        _title(error),
        _detail(request, errors.as_sentence(error.cause)),
        error.remedy,
        field=error.field,
        clause=error.clause,
        changed=details.get("changed"),
        details={name: value for name, value in details.items() if name != "changed"} or None,
    )


def _detail(request: Request, sentence: str) -> str:
    """The sentence. For a command, the detail also states that nothing was saved."""
    is_question = request.method in _READING or request.url.path in _QUESTIONS_BY_POST
    return sentence if is_question else f"{sentence} Nothing was saved."


def _title(error: Exception) -> str:
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in type(error).__name__)
    return words.strip().capitalize()


def install(app: FastAPI) -> None:
    """Registers the handlers that answer every error of the API with a problem."""
    app.exception_handler(errors.LedgerError)(_domain_refusal)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(UnreadableBody)(_unreadable)
    app.exception_handler(WrongContentType)(_wrong_content_type)
    app.exception_handler(BodyTooLarge)(_too_large)
    app.exception_handler(HTTPException)(_http_error)
    app.exception_handler(PersistenceError)(_unavailable)
    app.exception_handler(StoreError)(_unavailable)
    app.exception_handler(DocumentDamaged)(_damaged)
    app.exception_handler(ClockNotTrusted)(_clock_not_trusted)
    app.exception_handler(Exception)(_internal_error)


def _domain_refusal(request: Request, error: errors.LedgerError) -> JSONResponse:
    log_denial(request, error)
    return refused(request, error)


def log_denial(request: Request, error: errors.LedgerError) -> None:
    """Writes to the security log if the user has no permission, or if the user's office may not see the record."""
    caller = request.scope.get("caller")
    reason: security_log.DenialReason
    if caller is None:
        return
    if isinstance(error, errors.NotPermitted):
        reason = "role_may_not"
    elif isinstance(error, errors.NotFound) and caller.actor.role == "requester":
        reason = "not_known_to_office"
    else:
        return
    # The name of the route in the program is logged. The path may contain text that a user typed.
    operation = getattr(request.scope.get("route"), "name", None)
    security_log.access_denied(reason, origin=caller.origin, actor_id=caller.actor.id, operation=operation)


def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    # A field that also accepts an instance reports `is_instance_of` too. JSON cannot send one, so it is left out.
    faults = [one for one in error.errors() if one["type"] != "is_instance_of"]
    invalid_fields = [
        InvalidField(field=_field_path(one), problem=str(invalid_value(one))) for one in faults[:ERRORS_SHOWN_MAX]
    ]
    first = invalid_fields[0]
    at_least = "at least " if isinstance(error, FirstErrors) else ""
    more = f" ({at_least}{len(faults) - 1} more)" if len(faults) > 1 else ""
    return problem(
        422, "Invalid field", _detail(request, f"{first.field}: {first.problem}{more}."),
        "correct the fields that are listed in errors", field=first.field, errors=invalid_fields,
    )  # fmt: skip


def invalid_header(request: Request, name: str, cause: str, remedy: str) -> JSONResponse:
    """The answer to a request whose header is invalid. It is that of any other invalid field."""
    field = f"header.{name}"
    invalid = InvalidField(field=field, problem=cause)
    return problem(422, "Invalid field", _detail(request, f"{field}: {cause}."), remedy, field=field, errors=[invalid])


def _unreadable(request: Request, error: UnreadableBody) -> JSONResponse:
    return problem(400, "Unreadable body", _detail(request, str(error)), "send one JSON object in UTF-8")


def _wrong_content_type(request: Request, _error: WrongContentType) -> JSONResponse:
    return problem(
        415, "Unsupported media type", _detail(request, MEANING[415]), "send Content-Type: application/json",
        field="header.Content-Type",
    )  # fmt: skip


def _too_large(request: Request, error: BodyTooLarge) -> JSONResponse:
    answer = problem(413, "Body too large", _detail(request, str(error)), error.remedy)
    # The client may still be sending bytes that nothing will read, so the connection cannot be used again.
    answer.headers["Connection"] = "close"
    return answer


def _http_error(request: Request, error: HTTPException) -> Response:
    if error.status_code == HTTPStatus.NOT_MODIFIED:
        return Response(status_code=error.status_code, headers=error.headers)
    title = HTTPStatus(error.status_code).phrase
    detail, remedy = NO_ROUTE.get(error.status_code, (f"The request is refused: {title}.", NO_ROUTE[404][1]))
    answer = problem(error.status_code, title, _detail(request, detail), remedy)
    answer.headers.update(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        answer.headers["Allow"] = ", ".join(_methods_at(request) or _with_head(answer.headers["Allow"].split(", ")))
    return answer


def _unavailable(_request: Request, error: Exception) -> JSONResponse:
    cause, remedy = "The database is not available", SEND_AGAIN
    if isinstance(error, Unavailable):
        cause, remedy = error.cause, error.remedy
    answer = problem(
        503, "Store unavailable", f"{errors.as_sentence(cause)} A command was either saved completely or not at all.",
        remedy,
    )  # fmt: skip
    answer.headers["Retry-After"] = "1"
    return answer


def _clock_not_trusted(_request: Request, error: ClockNotTrusted) -> JSONResponse:
    answer = problem(503, "Clock not trusted", f"{error.cause[0].upper()}{error.cause[1:]}.", error.remedy)
    answer.headers["Retry-After"] = "60"
    return answer


def too_many_waiting(request: Request) -> JSONResponse:
    """The answer if too many requests wait for a lock of the database already. The request was not begun."""
    return _unavailable(request, Busy("Too many requests wait for the database"))


def _damaged(_request: Request, _error: DocumentDamaged) -> JSONResponse:
    return problem(
        500, "Document damaged", MEANING[500], "restore the document from a backup, or store the original again"
    )


def _internal_error(_request: Request, _error: Exception) -> JSONResponse:
    cause = "The program failed. A command was either saved completely or not at all."
    return problem(500, "Internal error", cause, "send the same request again with the same Idempotency-Key")


def describe(app: FastAPI, is_public: Callable[[str], bool]) -> None:
    """Completes the OpenAPI document: descriptions, the media type of problems, and authentication.

    An operation that is not public needs a token or a session, and answers 401 without one.
    """

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = FastAPI.openapi(app)
            document["components"]["securitySchemes"] = SIGNED_IN
            add_descriptions(document)
            for path, operations in document["paths"].items():
                for operation in operations.values():
                    _describe_operation(operation, is_public=is_public(path))
        return FastAPI.openapi(app)

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI documents this assignment.


def _describe_operation(operation: dict[str, Any], *, is_public: bool) -> None:
    responses = operation["responses"]
    if not is_public:
        operation["security"] = [{name: []} for name in SIGNED_IN]
        schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
        responses["401"] = {"description": MEANING[401], "content": {MEDIA_TYPE: {"schema": schema}}}
    for status, response in responses.items():
        if int(status) >= HTTPStatus.BAD_REQUEST and FHIR not in response["content"]:
            (content,) = response["content"].values()
            response["content"] = {MEDIA_TYPE: content}


def _methods_at(request: Request) -> list[str]:
    """Every method of the path. The router's own answer names the methods of one route only."""
    paths = request.app.openapi()["paths"]
    matching = [methods for path, methods in paths.items() if compile_path(path)[0].match(request.url.path)]
    return _with_head(method.upper() for methods in matching for method in methods)


def _with_head(methods: Iterable[str]) -> list[str]:
    """The methods, and HEAD if GET is one of them: `head_requests`."""
    found = set(methods)
    return sorted(found | {"HEAD"} if "GET" in found else found)


def _field_path(error: Mapping[str, Any]) -> str:
    """The path of the invalid field: `statement.agents.0.product` for a field of the body.

    The path of a query parameter or a header begins with its kind, such as `query` or `header`.
    """
    # The validator adds the branch of a union that it tried, such as `function-after[...]`.
    kind, *parts = (part for part in map(str, error["loc"]) if not part.endswith("]"))
    if kind != "body" or not parts:
        return ".".join([kind, *parts])
    # The caller may have chosen these names. A name that does not look like a field name may be any text.
    return ".".join(part if _FIELD_NAME.fullmatch(part) else "(unknown)" for part in parts)
