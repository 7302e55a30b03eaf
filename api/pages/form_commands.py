"""A form that does something: read into a command, done as the API does it, and shown again where it was not taken.

What was typed is never lost: a refusal renders the page anew with the form as it was sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from api.http.problems import STATUS, tell_of_denial
from api.pages.forms import Form, FormWrong, read
from api.routes.dependencies import Commanding, run
from domain.commands import Command
from domain.errors import InvalidCommand, KeyReused, LedgerError
from domain.history.state import PatientHistory
from domain.ledger.application import Outcome
from domain.review.assessment_changes import Change

SEE_OTHER = 303


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


def attempt(
    request: Request,
    commanding: Commanding,
    patient_id: UUID,
    act: str,
    terms: type[BaseModel],
    form: Form,
    *,
    command_of: Callable[[Any], Command] | None = None,
    **also: Any,
) -> Outcome | Tried:
    """Reads the form as these terms (with `also`, what the address says) and has the command done.

    The form's key makes a second sending the first one's answer.
    """
    try:
        body = read(terms, form, commanding.ledger.zone, also=also)
        command = command_of(body) if command_of is not None else body
        return run(commanding, patient_id, command, Response(), form.key, None)  # type: ignore[arg-type]
    except FormWrong as wrong:
        return refused(act, form, wrong)
    except LedgerError as error:
        tell_of_denial(request, error)
        return refused(act, form, error)


def done(path: str, outcome: Outcome, fragment: str = "") -> RedirectResponse:
    """Back to the page, which says what was recorded; the back button then leads before the form, and not into it."""
    first = outcome.events[0]
    recorded = urlencode({"recorded": first.TOPIC, "event": first.originator_version})
    return RedirectResponse(f"{path}?{recorded}{f'#{fragment}' if fragment else ''}", SEE_OTHER)


def why_not(commanding: Commanding, history: PatientHistory, command: Command) -> LedgerError | None:
    """Why the ledger would not take this of her as things stand; None where it would.

    Nothing is recorded. What is wrong with the terms of the command itself is left for the form to say.
    """
    refusal = commanding.ledger.refusal_of(history, command, commanding.caller.actor)
    return None if isinstance(refusal, InvalidCommand) else refusal
