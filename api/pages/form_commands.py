"""A form that does something: read into a command, done as the API does it, and shown again where it was not taken.

What was typed is never lost: a refusal renders the page anew with the form as it was sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from api.http.problems import STATUS, tell_of_denial
from api.pages.forms import Form, FormOfRequest, FormWrong, read
from api.pages.redirects import SEE_OTHER, leads_to
from api.routes.dependencies import Commanding, CommandingOfRequest, run
from domain.commands import Command
from domain.commands.context import Occasion
from domain.errors import KeyReused, LedgerError, NotFound
from domain.history.state import PatientHistory
from domain.ledger.application import Outcome
from domain.review.assessment_changes import Change


@dataclass(frozen=True, slots=True)
class Tried:
    """A form that was sent and not taken. `wrong` says what is wrong by the place of the field.

    `changed` is what moved since the page was read, where that is why.
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
        return self.form.text(name) or ""

    def texts(self, name: str) -> list[str]:
        return list(self.form.texts.get(name, []))


def refused(act: str, form: Form, error: LedgerError | FormWrong) -> Tried:
    if isinstance(error, FormWrong):
        several = f" and {len(error.wrong) - 1} more" if len(error.wrong) > 1 else ""
        first = next(iter(error.wrong.items()))
        cause = f"{place_in_words(first[0])}: {first[1]}{several}"
        return Tried(act, form, 422, cause, "correct what is marked and send it again", error.wrong)
    if isinstance(error, KeyReused):
        # After the back button: what stands in the form now is not what was sent with it before.
        cause = "this form was sent and recorded before, with something else in it"
        return Tried(act, form, STATUS[type(error)], cause, "look at what was recorded; send it again if it is meant")
    wrong = {error.field: error.cause} if error.field is not None else {}
    changed = tuple(error.details.get("changed") or ())
    return Tried(act, form, STATUS[type(error)], error.cause, error.remedy, wrong, error.clause, changed)


def place_in_words(place: str) -> str:
    """`statement.agents.0.product` as `agents 1, product`."""
    parts = [str(int(one) + 1) if one.isdigit() else one.replace("_", " ") for one in place.split(".")]
    words = ", ".join(parts[1:] if parts[0] == "statement" and len(parts) > 1 else parts)
    return words.replace(", 1", " 1", 1) if words else "The form"


@dataclass(frozen=True, slots=True)
class SentForm:
    """A form that was sent, and for whom."""

    request: Request
    commanding: Commanding
    form: Form


def _sent(request: Request, commanding: CommandingOfRequest, form: FormOfRequest) -> SentForm:
    return SentForm(request, commanding, form)


def _act(request: Request) -> str:
    return request.url.path.rpartition("/")[2]


FormOfCommand = Annotated[SentForm, Depends(_sent)]
ActInPath = Annotated[str, Depends(_act)]
"""The name of the form, which is the last part of its address."""


def _fields_alone(_: SentForm, _patient_id: UUID) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class FormCommand:
    """One row for each form that gives a command.

    `terms` are the fields of the form, and the command itself unless `command_of` makes it from them. `also` is what
    the form states in another way than by a field of this name, and may raise FormWrong. `leads` is the address of
    what the command made; otherwise, the form leads back to its page.
    """

    terms: type[BaseModel]
    also: Callable[[SentForm, UUID], Mapping[str, Any]] = _fields_alone
    command_of: Callable[[Any], Command] | None = None
    leads: Callable[[Outcome], str] | None = None


def form_named(forms: Mapping[str, FormCommand], act: str, page: str) -> FormCommand:
    """Raises NotFound."""
    if (found := forms.get(act)) is None:
        raise NotFound("there is no such act", field="act", remedy=f"use a form of {page}")
    return found


def answered(
    sent: SentForm,
    act: str,
    form: FormCommand,
    patient_id: UUID,
    page: str,
    again: Callable[[Tried], Response],
    **about: Any,
) -> Response:
    """The command of a form given, and where the browser goes then; if it is refused, the page `again`.

    `about` is what the address says, and `page` the address of the page itself.
    """
    outcome = _attempt(sent, act, form, patient_id, about)
    if isinstance(outcome, Tried):
        return again(outcome)
    if form.leads is not None:
        return leads_to(sent.request, form.leads(outcome), outcome)
    return done(page, outcome)


def _attempt(
    sent: SentForm, act: str, form: FormCommand, patient_id: UUID, about: Mapping[str, Any]
) -> Outcome | Tried:
    """The form's key makes a second sending the first one's answer."""
    commanding = sent.commanding
    try:
        also = {**about, **form.also(sent, patient_id)}
        body = read(form.terms, sent.form, commanding.ledger.zone, also=also)
        command = form.command_of(body) if form.command_of is not None else body
        return run(commanding, patient_id, command, Response(), sent.form.key, None)  # type: ignore[arg-type]
    except FormWrong as wrong:
        return refused(act, sent.form, wrong)
    except LedgerError as error:
        tell_of_denial(sent.request, error)
        return refused(act, sent.form, error)


def done(path: str, outcome: Outcome, fragment: str = "") -> RedirectResponse:
    """Back to the page, which says what was recorded; the back button then leads before the form, and not into it."""
    first = outcome.events[0]
    recorded = urlencode({"recorded": first.TOPIC, "event": first.originator_version})
    return RedirectResponse(f"{path}?{recorded}{f'#{fragment}' if fragment else ''}", SEE_OTHER)


def occasion_of(commanding: Commanding, history: PatientHistory) -> Occasion:
    """Now, as a command of this person about this history would be decided."""
    return commanding.ledger.occasion(commanding.caller.actor, history)
