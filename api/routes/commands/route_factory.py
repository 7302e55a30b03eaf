"""One row of the table of commands, and the route that it becomes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, create_model

from api.http.bodies import SoundJson
from api.http.etags import IdempotencyKey, IfMatch
from api.http.problems import COMMAND
from api.record_access.patient_access import patient_of
from api.routes.dependencies import (
    AppealIdInPath,
    Commanding,
    CommandingOfRequest,
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
    "document_id": DocumentIdInPath,
    "notice_id": NoticeIdInPath,
    "appeal_id": AppealIdInPath,
}


def _what_changed(_: Commanding, outcome: Outcome, _subject: Any) -> HistoryChanged:
    return history_changed(outcome)


@dataclass(frozen=True, slots=True)
class CommandRoute:
    """`path` names its subject in braces, `does` is what the document says of it, `made`: something new comes of it.

    `terms` is the public schema of the body, where it has a name of its own. `answer` makes the answer, of the
    schema `answers`, from what was recorded of the subject.
    """

    path: str
    command: type[Command]
    does: str
    example: dict[str, Any]
    made: bool = False
    terms: type[BaseModel] | None = None
    answers: type[BaseModel] = HistoryChanged
    answer: Callable[[Commanding, Outcome, Any], BaseModel] = _what_changed

    @property
    def subject(self) -> str:
        return self.path.split("{", 1)[1].split("}", 1)[0]

    @property
    def name(self) -> str:
        words = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in self.command.__name__)
        return words.strip("_")

    def body(self) -> type[BaseModel]:
        """The command's terms without what the address says; who acts is whoever asks."""
        if self.terms is not None:
            return self.terms
        about = self.subject in self.command.model_fields
        fields = {
            name: (one.annotation if not one.metadata else Annotated[(one.annotation, *one.metadata)], one)
            for name, one in self.command.model_fields.items()
            if not (about and name == self.subject)
        }
        return create_model(f"{self.command.__name__}Body", __base__=FrozenModel, __doc__=self.does, **fields)  # type: ignore[call-overload,no-any-return]


def router_of(acts: Iterable[CommandRoute]) -> APIRouter:
    router = APIRouter(route_class=SoundJson)
    add_routes(router, acts)
    return router


def add_routes(router: APIRouter, acts: Iterable[CommandRoute]) -> None:
    for act in acts:
        router.add_api_route(
            act.path,
            _endpoint(act),
            methods=["POST"],
            status_code=201 if act.made else 200,
            response_model=act.answers,
            responses=COMMAND,
            description=act.does,
            summary=act.name.replace("_", " ").capitalize(),
            name=act.name,
            tags=[act.path.split("/")[1]] if not router.tags else None,
        )


def _endpoint(act: CommandRoute) -> Callable[..., BaseModel]:
    about = act.subject in act.command.model_fields

    def endpoint(
        commanding: CommandingOfRequest,
        response: Response,
        subject: Any,
        body: Any,
        key: IdempotencyKey = None,
        if_match: IfMatch = None,
    ) -> BaseModel:
        command = act.command(**dict(body), **({act.subject: subject} if about else {}))
        patient_id = subject if isinstance(subject, UUID) else patient_of(subject)
        return act.answer(commanding, run(commanding, patient_id, command, response, key, if_match), subject)

    def named(**values: Any) -> BaseModel:
        return endpoint(subject=values.pop(act.subject), **values)

    # The framework reads the names and the types of an address's parts from the signature.
    signature = inspect.signature(endpoint, eval_str=True)
    parameters = {
        "subject": inspect.Parameter(act.subject, inspect.Parameter.KEYWORD_ONLY, annotation=_SUBJECTS[act.subject]),
        "body": inspect.Parameter(
            "body",
            inspect.Parameter.KEYWORD_ONLY,
            annotation=Annotated[act.body(), Body(examples=[act.example])],
        ),
    }
    named.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[
            parameters.get(one.name, one.replace(kind=inspect.Parameter.KEYWORD_ONLY))
            for one in signature.parameters.values()
        ]
    )
    named.__name__ = act.name
    return named
