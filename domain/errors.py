"""Misuse, and only misuse: what the business refuses is an event, not an exception.

    LedgerError
    |- InvalidCommand         the command can't be meant: a field or clause is named (422)
    |- NotPermitted           this person may not do this (403)
    |- NotFound               no such patient, request, dose or course (404)
    |- Conflict               the record says otherwise by now (409)
    |  |- AssessmentMoved     what was looked at is no longer what the facts say
    |  |- AlreadyDecided      somebody decided first
    |  `- AlreadyRecorded     this source reference, or this member, is on record
    |- StaleVersion           If-Match names an older history (412)
    |- KeyReused              an idempotency key came again with another command (422)
    `- EditionUnknown         no edition of the policy is known for that day (422)

Each carries one sentence of cause, the field or clause it is about, and what to send instead.
No text carries a patient's name, member id or birth date.
"""

from __future__ import annotations

from typing import Any


class LedgerError(Exception):
    """A refused command or question: the cause, the `field` or `clause` concerned, and what to do next.

    Cause and remedy are clauses without a capital letter or a period; `as_sentence` adds both.
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

    def __str__(self) -> str:
        place = self.field or self.clause
        return f"{self.cause}{f' ({place})' if place else ''}: {self.remedy}"


class InvalidCommand(LedgerError):
    pass


class NotPermitted(LedgerError):
    pass


class NotFound(LedgerError):
    pass


class Conflict(LedgerError):
    pass


class AssessmentMoved(Conflict):
    """`details["changed"]` lists what moved: findings with their old and new answer, facts, or time alone."""


class AlreadyDecided(Conflict):
    pass


class AlreadyRecorded(Conflict):
    pass


class StaleVersion(LedgerError):
    pass


class KeyReused(LedgerError):
    pass


class EditionUnknown(LedgerError):
    pass


def as_sentence(words: str) -> str:
    """The words of a cause or a remedy, with a capital letter and a period."""
    return f"{words[:1].upper()}{words[1:]}{'' if words.endswith('.') else '.'}"


def every_kind(of: type[LedgerError] = LedgerError) -> frozenset[type[LedgerError]]:
    """Every class of error below this one, for tables that must have a row for each."""
    below = of.__subclasses__()
    return frozenset(below).union(*map(every_kind, below))
