"""The shortest ways to an approval, found by judging: what to supply, or from which day time settles it.

Breadth first: what is judged is every set of one supply, then of two, and so on, until one is approved.
Only what can matter is tried. Of the clauses that must still be answered, the search takes the one that the
fewest supplies bear on, and tries each of those; whatever else is supplied, one of them is in every way.
An answered clause stays answered, and what time approves stays approved, whatever else is told; the tests
compare all of it with a search that leaves nothing out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from pydantic import StrictInt

from domain.calendar import LAST_YEAR, Day, anniversary
from domain.facts import Facts, FrozenModel
from domain.policy.answers import MET, NOT_MET
from domain.policy.assessment import Assessment, Recommendation, assess
from domain.policy.edition import Edition, Leaf, Path, Question, walk
from domain.policy.missing_facts import Completion, Supply, completions, supplied
from domain.policy.referral import referral_reasons

SearchedOutcome = Literal["approve", "refer"]

JUDGED_MAX: Final = 100
"""Sets of supplies of one size that are judged. Only a long list of agents of unknown outcome comes near it."""


class Way(FrozenModel):
    """A smallest set of supplies after which the policy recommends `leads_to`, and from which day.

    None: from the day of the assessment. `size` counts the supplies; 0 is what holds already, or by time alone.
    """

    leads_to: SearchedOutcome
    size: StrictInt
    supplies: tuple[Supply, ...] = ()
    from_day: Day | None = None


@dataclass(frozen=True, slots=True)
class _SearchState:
    supplies: tuple[Supply, ...]
    assessment: Assessment


def what_if(assessment: Assessment, edition: Edition) -> tuple[Way, ...]:
    """Every shortest way to an approval, the fewest supplies first; empty where known facts stand against it.

    A way with more supplies is one that is sooner. Ways to a clinician (`refer`) are given only where
    nothing that is not known yet can lead to an approval.
    """
    return _ways(assessment, edition, "approve") or _ways(assessment, edition, "refer")


def _ways(assessment: Assessment, edition: Edition, leads_to: SearchedOutcome) -> tuple[Way, ...]:
    ways: list[Way] = []
    as_of, size_max = assessment.as_of, None
    for on in [as_of, *_days_to_come(assessment.facts, as_of, edition)]:
        states = _PathSearch(assessment, edition, leads_to, on).shortest(size_max)
        for state in states:
            supplies = tuple(_settling(state, edition))
            from_day = None if on == as_of else on
            ways.append(Way(leads_to=leads_to, size=len(supplies), supplies=supplies, from_day=from_day))
        if states:
            size_max = len(states[0].supplies) - 1
        if size_max == -1:
            break
    return tuple(sorted(ways, key=_effort))


def _effort(way: Way) -> tuple[int, int, int]:
    """Facts are told sooner than a document is found, and that sooner where its finding is stated already."""
    documents = [one for one in way.supplies if one.needs_document]
    return way.size, len(documents), sum(not one.field.endswith(".documentation") for one in documents)


def _days_to_come(facts: Facts, as_of: date, edition: Edition) -> list[date]:
    """The days on which time can settle something: birthdays and anniversaries of doses.

    Of a date that is known in part both ends (R5): the last for what is known, the first should it be told.
    """
    prior, parameters = facts.prior_treatment, edition.parameters
    course = prior.open_course
    ages = (
        (facts.birth_date, parameters.age_min_years),
        (prior.last_dose_on, parameters.years_between_courses),
        (course.last_dose_on if course is not None else None, parameters.years_between_courses),
    )
    found = {
        anniversary(day, years) for known, years in ages if known is not None for day in (known.earliest, known.latest)
    }
    return sorted(day for day in found if as_of < day and day.year <= LAST_YEAR)


class _PathSearch:
    """Breadth first over what could be told, for one outcome on one day."""

    def __init__(self, looked_at: Assessment, edition: Edition, leads_to: SearchedOutcome, on: date) -> None:
        self.looked_at, self.edition, self.on = looked_at, edition, on
        self.approving = leads_to == "approve"
        self.ends: tuple[Recommendation, ...] = ("approve",) if self.approving else ("approve", "refer")
        self.criteria = edition.criteria

    def shortest(self, size_max: int | None) -> list[_SearchState]:
        """Every smallest set of supplies that ends there, of at most `size_max`; no state where none does."""
        known = self.looked_at.facts
        first = self.looked_at if self.on == self.looked_at.as_of else self._judged(known)
        states, size = [_SearchState((), first)] if self._is_open(first) else [], 0
        while states:
            reached = [one for one in states if one.assessment.recommendation in self.ends]
            if reached or size == size_max:
                return reached
            states, size = self._with_one_more(states), size + 1
        return []

    def _judged(self, facts: Facts) -> Assessment:
        return assess(facts, self.on, self.edition, self.looked_at.circumstances)

    def _is_open(self, assessment: Assessment) -> bool:
        """Whether anything can still lead there: what decides against it is known, and stays so."""
        if assessment.recommendation == "not_recommended":
            return False
        # Only our own readings keep an arguable request from being turned away: a clinician decides it (R11, R12).
        argued = all(assessment.finding(path.citation).answer is NOT_MET for path in self.edition.paths)
        return not (self.approving and argued)

    def _with_one_more(self, states: list[_SearchState]) -> list[_SearchState]:
        seen: set[frozenset[tuple[str, str]]] = set()
        found = []
        for state in states:
            for one in self._to_try(state) if len(seen) < JUDGED_MAX else ():
                told = frozenset((each.field, repr(each.value)) for each in (*state.supplies, one.supply))
                if told in seen or len(seen) == JUDGED_MAX:
                    continue
                seen.add(told)
                assessment = self._judged(supplied(state.assessment.facts, one.supply.field, one.supply.value))
                if self._is_open(assessment):
                    settles = _settled(self.edition, state.assessment, assessment) or self._helped(state, one)
                    supply = one.supply.model_copy(update={"settles": settles})
                    found.append(_SearchState((*state.supplies, supply), assessment))
        return found

    def _to_try(self, state: _SearchState) -> list[Completion]:
        """All that bears on one requirement: the one with the fewest; none where a requirement cannot be helped."""
        question = Question(state.assessment.facts, self.on, self.edition)
        offered = completions(question, self.looked_at.as_of)
        requirements = self._requirements(state.assessment, question)
        return min(([one for one in offered if one.bears_on & each] for each in requirements), key=len, default=[])

    def _requirements(self, assessment: Assessment, question: Question) -> Iterator[frozenset[str]]:
        """What every way from here must still answer or mend, each by the clauses or reasons that it stands for.

        While the scope is open, so is which path's criteria matter. An approval needs the path's dosing, and that
        no reason for a clinician is left.
        """
        scopes = {path.citation for path in self.edition.paths}
        scope_is_open = not scopes.isdisjoint(assessment.needed)
        criteria: dict[str, set[str]] = {}
        for citation in assessment.needed:
            if citation not in scopes and citation not in self.criteria:
                yield frozenset({citation})
            elif citation in self.criteria and not scope_is_open:
                criteria.setdefault(self.criteria[citation], set()).add(citation)
        yield from map(frozenset, criteria.values())
        if scope_is_open:
            yield frozenset(scopes)
        if self.approving:
            if assessment.scope is not None:
                dosing = self.edition.path(assessment.scope).dosing.citation
                if assessment.finding(dosing).answer is not MET:
                    yield frozenset({dosing})
            for reason in referral_reasons(question, assessment.circumstances):
                yield frozenset({reason.code})

    def _helped(self, state: _SearchState, one: Completion) -> tuple[str, ...]:
        """The open clauses that a supply bears on, where it answers none of them alone."""
        findings = state.assessment.findings
        return tuple(each.citation for each in findings if each.citation in one.bears_on and each.answer is not MET)


def _settled(edition: Edition, before: Assessment, after: Assessment) -> tuple[str, ...]:
    """The leaves that a supply answered, and the scope that it decided."""
    scope = edition.path(after.scope).citation if after.scope is not None and before.scope is None else None
    return tuple(
        now.citation
        for then, now in zip(before.findings, after.findings, strict=True)
        if now.citation == scope
        or (now.answer is not then.answer and isinstance(edition.by_citation.get(now.citation), Leaf))
    )


def _settling(state: _SearchState, edition: Edition) -> list[Supply]:
    """The supplies in the order of the document; each settles what it answers on the path that was reached."""
    apart = {
        citation
        for path in edition.paths
        if path.letter != state.assessment.path
        for citation in (path.citation, path.dosing.citation, *_criteria(path))
    }
    place = {citation: number for number, citation in enumerate(edition.by_citation)}
    supplies = [
        one.model_copy(update={"settles": tuple(citation for citation in one.settles if citation not in apart)})
        for one in state.supplies
    ]
    return sorted(supplies, key=lambda one: min((place[citation] for citation in one.settles), default=len(place)))


def _criteria(path: Path) -> Iterator[str]:
    return (node.citation for clause in path.clauses for node in walk(clause))
