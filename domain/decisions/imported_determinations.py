"""Imports determinations from before this ledger was in use, as another record states them.

An imported determination has no assessment and is never re-evaluated as of its day. The request itself must be
imported: a request that this ledger received is decided here, from an assessment that a person viewed.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from domain.calendar import approval_window
from domain.commands import Command
from domain.commands.context import CommandContext, Occasion
from domain.commands.determinations import ImportPastDetermination
from domain.deadline_terms.kept import row_to_keep
from domain.deadlines.requests import terms_of
from domain.decisions.approval_terms import doses_given_before
from domain.decisions.consequences import DecisionFunction
from domain.decisions.preconditions import Precondition, check_open, request_named
from domain.errors import AlreadyDecided, Conflict, EditionUnknown, InvalidCommand
from domain.events import PatientEvent
from domain.events.determinations import PastDeterminationImported
from domain.facts import doses_in_course
from domain.history.records import Request
from domain.history.state import PatientHistory
from domain.policy.assessment import NOT_LISTED
from domain.policy.editions import edition_named, has_edition, known_keys
from domain.review.assess_request import without_doses
from domain.treatment.course_assignment import number_of_next_dose
from domain.treatment.courses import courses, current_course

UNKNOWN: Final = "unknown"
"""The edition of a determination whose edition the other record does not state."""


def import_past_determination(
    history: PatientHistory, command: ImportPastDetermination, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Record the determination as the other record states it."""
    request = to_import(history, command.request_id, context)
    if not request.received_on <= command.decided_on <= context.today:
        raise InvalidCommand(
            "the date of the determination is before the request was received, or in the future",
            field="decided_on",
            remedy=f"send a date from {request.received_on} to {context.today}",
        )
    _check_edition(command, request)
    if command.outcome == "denied":
        _check_grants_nothing(command)
        granted: dict[str, int | date | None] = dict.fromkeys(
            ("course", "doses_approved", "valid_from", "valid_through")
        )
    else:
        granted = _granted(history, request, command)
    return (
        context.event(
            PastDeterminationImported,
            request_id=request.request_id,
            outcome=command.outcome,
            decided_on=command.decided_on,
            decided_by=command.decided_by,
            credential=command.credential,
            edition=command.edition,
            citing=command.citing,
            rationale=command.rationale,
            deadline_row=row_to_keep(terms_of(history, request, context.table)),
            **granted,
        ),
    )


def to_import(history: PatientHistory, request_id: str, _: Occasion) -> Request:
    """The imported request, which is open and was never decided."""
    request = request_named(history, request_id)
    if request.imported_from is None:
        raise Conflict(
            "the request was received by this ledger, so its determination can't be imported",
            field="request_id",
            remedy="approve, deny or refer the request",
        )
    check_open(request)
    if any(one.kind != "referred" for one in request.decisions):
        raise AlreadyDecided(
            "the request was reopened after its determination",
            field="request_id",
            remedy="decide the reopened request in this ledger",
        )
    return request


def _check_edition(command: ImportPastDetermination, request: Request) -> None:
    """Raises InvalidCommand unless the edition is known, was in use then and has the cited clauses, or is `unknown`."""
    if command.edition == UNKNOWN:
        return
    if not has_edition(request.received_on):
        raise InvalidCommand(
            f"the request was received on {request.received_on}, before the first policy version on file (R31)",
            field="edition",
            remedy=f"send {UNKNOWN}, or leave this field out",
        )
    try:
        edition = edition_named(command.edition)
    except EditionUnknown:
        raise InvalidCommand(
            "the policy version is not known",
            field="edition",
            remedy=f"send one of {known_keys()}, or {UNKNOWN}",
        ) from None
    if edition.review_date > command.decided_on:
        raise InvalidCommand(
            f"policy version {edition.key} is later than the determination",
            field="edition",
            remedy=f"send the policy version that was in effect then, or {UNKNOWN}",
        )
    known = {NOT_LISTED, *(node.citation for node in edition.nodes())}
    if not known.issuperset(command.citing):
        raise InvalidCommand(
            f"policy version {edition.key} does not contain every cited clause",
            field="citing",
            remedy=f"cite clauses by their numbers in this ledger, or send {UNKNOWN} as the policy version",
        )


def _check_grants_nothing(command: ImportPastDetermination) -> None:
    for field in ("doses_approved", "valid_from", "valid_through"):
        if getattr(command, field) is not None:
            raise InvalidCommand("a denial approves nothing", field=field, remedy="leave this field out")


def _granted(
    history: PatientHistory, request: Request, command: ImportPastDetermination
) -> dict[str, int | date | None]:
    """What was approved: by default the quantity of the policy, for thirty days from the determination (R9)."""
    if command.outcome == "partly_approved" and command.rationale is None:
        raise InvalidCommand(
            "a partial approval must state what is not approved and why",
            field="rationale",
            remedy="send the reason from the other record, in plain language",
        )
    listed_doses = doses_given_before(history, request) if request.retrospective_for else []
    valid_from = command.valid_from or (listed_doses[0].on if listed_doses else command.decided_on)
    valid_through = command.valid_through or approval_window(valid_from)[1]
    if valid_through < valid_from:
        raise InvalidCommand(
            "the approval's last day is before its first day",
            field="valid_through",
            remedy="send the first day and then the last day",
        )
    earlier_history = without_doses(history, [dose.dose_id for dose in history.doses if dose.on >= valid_from])
    policy = _policy_doses(earlier_history, valid_from)
    if (
        command.outcome == "partly_approved"
        and command.doses_approved is None
        and not _requested_more_than(request, policy)
    ):
        raise InvalidCommand(
            "the number of approved doses is missing",
            field="doses_approved",
            remedy="send the number of doses from the other record",
        )
    return {
        "course": listed_doses[0].course
        if listed_doses
        else _course(history, earlier_history, valid_from, valid_through),
        "doses_approved": command.doses_approved or len(listed_doses) or policy,
        "valid_from": valid_from,
        "valid_through": valid_through,
    }


def _requested_more_than(request: Request, policy: int) -> bool:
    return (request.statement.requested_dosing.consecutive_days or 0) > policy


def _policy_doses(earlier_history: PatientHistory, on: date) -> int:
    all_courses = courses(earlier_history, on)
    current = current_course(all_courses, on)
    return doses_in_course(current.number if current is not None else len(all_courses) + 1)


def _course(history: PatientHistory, earlier_history: PatientHistory, valid_from: date, valid_through: date) -> int:
    """The course that was to be given: that of the doses on record in the approval period, or else the next one then.

    An additional dose of a course that was complete by then is ignored.
    """
    complete = {one.named for one in courses(earlier_history) if one.is_complete is True}
    given = [
        dose
        for dose in history.doses
        if dose.counts and valid_from <= dose.on <= valid_through and dose.course not in complete
    ]
    first = min(given, key=lambda dose: (dose.on, dose.version), default=None)
    if first is not None and first.course is not None:
        return first.course
    return number_of_next_dose(earlier_history, valid_from)


DECISIONS: Final[dict[type[Command], DecisionFunction]] = {ImportPastDetermination: import_past_determination}
PRECONDITIONS: Final[dict[type[Command], Precondition]] = {ImportPastDetermination: to_import}
