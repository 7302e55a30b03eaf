"""The clauses that a denial cites."""

from __future__ import annotations

from domain.policy.answers import NOT_MET
from domain.policy.assessment import Assessment, leaves_with
from domain.policy.edition import Edition


def denial_citations(assessment: Assessment, edition: Edition) -> list[str]:
    """The clauses that a denial cites: exclusions that apply, and unmet clauses of the indication and of the path.

    If the history does not decide the path, the unmet clauses of both paths.
    """
    values = {one.citation: one.answer for one in assessment.findings}
    found = [*assessment.exclusions]
    found += [edition.indication.citation] if values[edition.indication.citation] is NOT_MET else []
    for path in edition.paths:
        if assessment.scope in (None, path.letter):
            for clause in path.clauses:
                found += leaves_with(clause, values, NOT_MET)
    return found
