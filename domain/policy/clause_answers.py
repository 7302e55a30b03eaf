"""The answer of every clause of an edition to one question."""

from __future__ import annotations

from domain.policy.answers import MET, Answer, all_of, one_of
from domain.policy.edition import Question


class ClauseAnswers:
    """The answer of every clause of the edition. Groups and paths combine the answers of their clauses (Kleene)."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.edition = question.edition
        self.scopes = {path.citation: path.scope.rule(question) for path in self.edition.paths}
        # Both paths have some rules in common. Each rule is evaluated once.
        rules, places = self.edition.rules
        answered = [rule(question) for rule in rules]
        self.results = {citation: answered[place] for citation, place in places}

    def with_arguable_met(self, taken_as_met: bool) -> dict[str, Answer]:
        """The answer of each clause. Optionally, clauses that are open to judgment are taken as met (R11, R12)."""
        values = {citation: result.answer for citation, result in self.results.items()}
        if taken_as_met:
            values |= {citation: MET for citation, result in self.results.items() if result.arguable}
        for group in self.edition.groups:
            parts = [values[clause.citation] for clause in group.clauses]
            values[group.citation] = all_of(parts) if group.connective == "all_of" else one_of(parts)
        for path in self.edition.paths:
            parts = [values[clause.citation] for clause in path.clauses]
            values[path.citation] = all_of([self.scopes[path.citation].answer, *parts])
        return values
