"""`CommandRoute`, a row in the tables of commands, and the functions that make a route from a row."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, create_model

from api.http.bodies import CheckedJsonRoute
from api.http.etags import IdempotencyKey, IfMatch
from api.http.problems import COMMAND
from api.record_access.patient_access import patient_of
from api.routes.dependencies import (
    AgentEntryIdInPath,
    AppealIdInPath,
    CommandRunner,
    CommandRunnerOfRequest,
    DocumentIdInPath,
    DoseIdInPath,
    NoticeIdInPath,
    PatientIdInPath,
    ReportIdInPath,
    RequestIdInPath,
    run,
)
from api.routes.schemas import HistoryChanged, history_changed
from domain.commands import Command
from domain.facts import FrozenModel
from domain.ledger.application import Outcome

_SUBJECTS: Final[dict[str, Any]] = {
    "patient_id": PatientIdInPath,
    "request_id": RequestIdInPath,
    "dose_id": DoseIdInPath,
    "report_id": ReportIdInPath,
    "agent_entry_id": AgentEntryIdInPath,
    "document_id": DocumentIdInPath,
    "notice_id": NoticeIdInPath,
    "appeal_id": AppealIdInPath,
}


def _history_changed(_: CommandRunner, outcome: Outcome, _subject: Any) -> HistoryChanged:
    return history_changed(outcome)


@dataclass(frozen=True, slots=True)
class CommandRoute:
    """The route of one command.

    `path` has the id of its subject in braces. `description` is displayed in the OpenAPI document. `creates` means
    that the command adds something new, so the status is 201. `body_model` is the schema of the body, if it has a
    public name of its own. `answer` computes the answer, whose schema is `answer_model`, from the outcome and the
    subject's id.
    """

    path: str
    command: type[Command]
    description: str
    example: dict[str, Any]
    creates: bool = False
    body_model: type[BaseModel] | None = None
    answer_model: type[BaseModel] = HistoryChanged
    answer: Callable[[CommandRunner, Outcome, Any], BaseModel] = _history_changed

    @property
    def subject(self) -> str:
        """The name of the id in the path, such as `request_id`."""
        return self.path.split("{", 1)[1].split("}", 1)[0]

    @property
    def name(self) -> str:
        """The name of the route function, from which the operationId is made, such as `extend_clock`."""
        words = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in self.command.__name__)
        return words.strip("_")

    def body(self) -> type[BaseModel]:
        """The schema of the body: the fields of the command except the id that the path has."""
        if self.body_model is not None:
            return self.body_model
        has_subject = self.subject in self.command.model_fields
        fields = {
            name: (one.annotation if not one.metadata else Annotated[(one.annotation, *one.metadata)], one)
            for name, one in self.command.model_fields.items()
            if not (has_subject and name == self.subject)
        }
        return create_model(f"{self.command.__name__}Body", __base__=FrozenModel, __doc__=self.description, **fields)  # type: ignore[call-overload,no-any-return]


def router_of(routes: Iterable[CommandRoute]) -> APIRouter:
    """A router with a route for each row."""
    router = APIRouter(route_class=CheckedJsonRoute)
    add_routes(router, routes)
    return router


def add_routes(router: APIRouter, routes: Iterable[CommandRoute]) -> None:
    """Adds a route for each row to the router."""
    for route in routes:
        router.add_api_route(
            route.path,
            _route_function(route),
            methods=["POST"],
            status_code=201 if route.creates else 200,
            response_model=route.answer_model,
            responses=COMMAND,
            description=route.description,
            summary=route.name.replace("_", " ").capitalize(),
            name=route.name,
            tags=[route.path.split("/")[1]] if not router.tags else None,
        )


def _route_function(route: CommandRoute) -> Callable[..., BaseModel]:
    has_subject = route.subject in route.command.model_fields

    def endpoint(
        commanding: CommandRunnerOfRequest,
        response: Response,
        subject: Any,
        body: Any,
        key: IdempotencyKey = None,
        if_match: IfMatch = None,
    ) -> BaseModel:
        command = route.command(**dict(body), **({route.subject: subject} if has_subject else {}))
        patient_id = subject if isinstance(subject, UUID) else patient_of(subject)
        return route.answer(commanding, run(commanding, patient_id, command, response, key, if_match), subject)

    def route_function(**values: Any) -> BaseModel:
        return endpoint(subject=values.pop(route.subject), **values)

    # FastAPI reads the names and types of path parameters from the signature.
    signature = inspect.signature(endpoint, eval_str=True)
    parameters = {
        "subject": inspect.Parameter(
            route.subject, inspect.Parameter.KEYWORD_ONLY, annotation=_SUBJECTS[route.subject]
        ),
        "body": inspect.Parameter(
            "body",
            inspect.Parameter.KEYWORD_ONLY,
            annotation=Annotated[route.body(), Body(examples=[route.example])],
        ),
    }
    route_function.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[
            parameters.get(one.name, one.replace(kind=inspect.Parameter.KEYWORD_ONLY))
            for one in signature.parameters.values()
        ]
    )
    route_function.__name__ = route.name
    return route_function
