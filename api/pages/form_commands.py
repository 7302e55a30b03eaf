"""Forms that give a command. A form is read into a command, which runs as in the API.

Nothing that was typed is lost: if the command is refused, the page is rendered again with the form as it was sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from api.http.problems import STATUS, log_denial
from api.pages.forms import Form, FormOfRequest, InvalidForm, read
from api.pages.redirects import SEE_OTHER, recorded_in, redirect_to
from api.routes.dependencies import CommandRunner, CommandRunnerOfRequest, run
from domain.commands import Command
from domain.commands.context import Occasion
from domain.errors import KeyReused, LedgerError, NotFound
from domain.ledger.application import Outcome
from domain.review.assessment_changes import Change


@dataclass(frozen=True, slots=True)
class RefusedForm:
    """A form that was sent and refused. `wrong` has the error of each field, by the path of the field.

    `changed` has the changes since the page was rendered, if they are the reason. `clause` is the clause of the policy
    that the refusal names, if there is one.
    """

    act: str
    form: Form
    status: int
    cause: str
    remedy: str
    wrong: Mapping[str, str] = field(default_factory=dict)
    clause: str | None = None
    changed: tuple[Change, ...] = ()

    def text(self, name: str) -> str:
        """The text that was sent in a field, or an empty text."""
        return self.form.text(name) or ""

    def texts(self, name: str) -> list[str]:
        """The texts that were sent in a field of several values."""
        return list(self.form.texts.get(name, []))


def refused_form(act: str, form: Form, error: LedgerError | InvalidForm) -> RefusedForm:
    """The form named `act`, with the error that refused it in words for the page."""
    if isinstance(error, InvalidForm):
        several = f" and {len(error.wrong) - 1} more" if len(error.wrong) > 1 else ""
        first = next(iter(error.wrong.items()))
        cause = f"{path_in_words(first[0])}: {first[1]}{several}"
        return RefusedForm(act, form, 422, cause, "correct what is marked and send it again", error.wrong)
    if isinstance(error, KeyReused):
        # The user went back to a form that was sent before, and changed it.
        cause = "this form was sent and recorded before, with something else in it"
        return RefusedForm(
            act, form, STATUS[type(error)], cause, "look at what was recorded; send it again if it is meant"
        )
    wrong = {error.field: error.cause} if error.field is not None else {}
    changed = tuple(error.details.get("changed") or ())
    return RefusedForm(act, form, STATUS[type(error)], error.cause, error.remedy, wrong, error.clause, changed)


def path_in_words(path: str) -> str:
    """The path of a field in words: `statement.agents.0.product` is `agents 1, product`."""
    parts = [str(int(part) + 1) if part.isdigit() else part.replace("_", " ") for part in path.split(".")]
    words = ", ".join(parts[1:] if parts[0] == "statement" and len(parts) > 1 else parts)
    return words.replace(", 1", " 1", 1) if words else "The form"


@dataclass(frozen=True, slots=True)
class SentForm:
    """A form that was sent, with its request and what is needed to run a command for its sender."""

    request: Request
    commanding: CommandRunner
    form: Form


def _sent(request: Request, commanding: CommandRunnerOfRequest, form: FormOfRequest) -> SentForm:
    return SentForm(request, commanding, form)


def _act(request: Request) -> str:
    return request.url.path.rpartition("/")[2]


FormOfCommand = Annotated[SentForm, Depends(_sent)]
ActInPath = Annotated[str, Depends(_act)]
"""The name of the form, which is the last part of its address."""


def _no_extra_fields(_: SentForm, _patient_id: UUID) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class FormCommand:
    """How a form becomes a command.

    `terms` is the model of the form's fields. It is the command itself unless `command_of` builds the command from it.
    `extra_fields` returns values that are not in a form field of the same name, and may raise InvalidForm. `next_page`
    returns the address of what the command recorded. Without it, the browser returns to the page of the form.
    """

    terms: type[BaseModel]
    extra_fields: Callable[[SentForm, UUID], Mapping[str, Any]] = _no_extra_fields
    command_of: Callable[[Any], Command] | None = None
    next_page: Callable[[Outcome], str] | None = None


def form_named(forms: Mapping[str, FormCommand], act: str, page: str) -> FormCommand:
    """The form named `act`. Raises NotFound, whose text names `page`."""
    if (form := forms.get(act)) is None:
        raise NotFound("there is no such act", field="act", remedy=f"use a form of {page}")
    return form


def run_form(
    sent: SentForm,
    act: str,
    form: FormCommand,
    patient_id: UUID,
    page: str,
    show_again: Callable[[RefusedForm], Response],
    **from_address: Any,
) -> Response:
    """Runs the command of a form, and returns the response: a redirect, or `show_again` if the command is refused.

    `from_address` has the fields of the command that the address of the form states. `page` is the address of the
    form's page.
    """
    outcome = _run(sent, act, form, patient_id, from_address)
    if isinstance(outcome, RefusedForm):
        return show_again(outcome)
    if form.next_page is not None:
        return redirect_to(sent.request, form.next_page(outcome), recorded_in(sent.commanding, outcome))
    return back_to_page(page, recorded_in(sent.commanding, outcome))


def _run(
    sent: SentForm, act: str, form: FormCommand, patient_id: UUID, from_address: Mapping[str, Any]
) -> Outcome | RefusedForm:
    """Runs the command under the form's idempotency key, so that a form that is sent twice gets the same outcome."""
    commanding = sent.commanding
    try:
        extra_fields = {**from_address, **form.extra_fields(sent, patient_id)}
        body = read(form.terms, sent.form, commanding.ledger.zone, extra_fields=extra_fields)
        command = form.command_of(body) if form.command_of is not None else body
        return run(commanding, patient_id, command, Response(), sent.form.key, None)  # type: ignore[arg-type]
    except InvalidForm as error:
        return refused_form(act, sent.form, error)
    except LedgerError as error:
        log_denial(sent.request, error)
        return refused_form(act, sent.form, error)


def back_to_page(path: str, recorded: str) -> RedirectResponse:
    """A redirect to the form's page, which shows what was recorded.

    The redirect replaces the form in the browser's history, so the back button does not lead to the form.
    """
    return RedirectResponse(f"{path}?{recorded}", SEE_OTHER)


def occasion_of(commanding: CommandRunner) -> Occasion:
    """The context in which a command of the caller would be decided now."""
    return commanding.ledger.occasion(commanding.caller.actor)
