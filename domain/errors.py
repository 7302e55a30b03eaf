"""Errors in the use of the ledger. A refusal by the plan, such as a denial, is an event and not an error.

    LedgerError
    |- InvalidCommand         the command is invalid; the error names a field or clause (422)
    |- NotPermitted           the user is not permitted to do this (403)
    |- NotFound               the patient, request, dose or course does not exist (404)
    |- Conflict               the record has changed, or rules the command out (409)
    |  |- AssessmentMoved     the assessment that the user saw is no longer current
    |  |- AlreadyDecided      another user decided first
    |  |- AlreadyRecorded     this source reference, or this member, is already on record
    |  |  `- RecordedAsAnother   this member is on record with another name or birth date
    |  `- OriginalNotOnRecord  a replacement of a claim that is not on record
    |- StaleVersion           If-Match names an older version of the history (412)
    |- KeyReused              an idempotency key was sent again with another command (422)
    `- EditionUnknown         no edition of the policy is known for that day (422)

Each error has a cause, the field or clause that is concerned, and a remedy. No message has a patient's name, member
id or birth date.
"""

from __future__ import annotations

from typing import Any


class LedgerError(Exception):
    """A refused command or question: its cause, the `field` or `clause` that is concerned, and what to do next.

    `cause` and `remedy` have no capital letter and no period at the end; `as_sentence` adds both. `details` are
    further values for the caller.
    """

    def __init__(
        self, cause: str, *, field: str | None = None, clause: str | None = None, remedy: str, **details: Any
    ) -> None:
        super().__init__(cause)
        self.cause = cause
        self.field = field
        self.clause = clause
        self.remedy = remedy
        self.details = details

    @property
    def cause_and_place(self) -> str:
        """The cause, with the field or the clause that is concerned."""
        concerned = self.field or self.clause
        return f"{self.cause} ({concerned})" if concerned else self.cause

    def __str__(self) -> str:
        return f"{self.cause_and_place}: {self.remedy}"


class InvalidCommand(LedgerError):
    pass


class NotPermitted(LedgerError):
    pass


class NotFound(LedgerError):
    pass


class Conflict(LedgerError):
    pass


class AssessmentMoved(Conflict):
    """The assessment has changed since the user saw it.

    `details["changed"]` lists the changes: findings with their old and new answer, facts, or time alone.
    """


class AlreadyDecided(Conflict):
    pass


class AlreadyRecorded(Conflict):
    pass


class RecordedAsAnother(AlreadyRecorded):
    pass


class OriginalNotOnRecord(Conflict):
    """The claim that a replacement line replaces is not on record, so nothing was recorded (R30)."""


class StaleVersion(LedgerError):
    @classmethod
    def at(cls, version: int, expected: int) -> StaleVersion:
        """The error for a history that is at another version than the expected one, both as the user is shown them."""
        return cls(
            f"The record is at version {version}, not {expected}",
            field="If-Match",
            remedy="read the record again and decide based on its current state",
            version=version,
        )


class KeyReused(LedgerError):
    pass


class EditionUnknown(LedgerError):
    pass


def as_sentence(clause: str) -> str:
    """A cause or a remedy as a sentence, with a capital letter and a period."""
    return f"{clause[:1].upper()}{clause[1:]}{'' if clause.endswith('.') else '.'}"


def every_kind(of: type[LedgerError] = LedgerError) -> frozenset[type[LedgerError]]:
    """Every subclass of an error class, at any depth, for tables that must have a row for each."""
    subclasses = of.__subclasses__()
    return frozenset(subclasses).union(*map(every_kind, subclasses))
