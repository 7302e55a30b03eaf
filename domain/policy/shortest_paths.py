"""The shortest paths to an approval: what to supply, or from which day time alone is enough.

The search is breadth first. It assesses every set of one supply, then of two supplies, and so on, until one is
approved. It only tries supplies that can matter: of the clauses that must still be answered, it takes the one that the
fewest supplies affect, and tries each of these. Every path to approval includes one of them. This is correct because an
answered clause remains answered, and what time alone approves remains approved, whatever else is supplied. The tests
compare the results with a search that leaves nothing out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from pydantic import StrictInt

from domain.calendar import LAST_YEAR, Day, PossibleDays, anniversary
from domain.facts import Facts, FrozenModel
from domain.policy.answers import MET, NOT_MET
from domain.policy.assessment import Assessment, Recommendation, assess
from domain.policy.edition import Edition, Leaf, Path, Question, walk
from domain.policy.missing_facts import ONE_MORE_AGENT, Completion, Supply, completions, with_fact
from domain.policy.referral import referral_reasons

SearchedOutcome = Literal["approve", "refer"]

ASSESSED_MAX: Final = 100
"""At most this many sets of one size are assessed. Only a long list of agents without outcomes comes close to it."""


class Way(FrozenModel):
    """A smallest set of supplies after which the policy recommends `leads_to`, from the day `from_day` on.

    A `from_day` of null is the day of the assessment. `size` is the number of supplies. It is 0 if nothing is missing,
    or only time.
    """

    leads_to: SearchedOutcome
    size: StrictInt
    supplies: tuple[Supply, ...] = ()
    from_day: Day | None = None


@dataclass(frozen=True, slots=True)
class _SearchState:
    """The supplies so far, and the assessment with them."""

    supplies: tuple[Supply, ...]
    assessment: Assessment


def what_if(assessment: Assessment, edition: Edition) -> tuple[Way, ...]:
    """Every shortest path to approval, fewest supplies first. Empty if known facts rule an approval out.

    A path with more supplies is only listed if it is possible sooner. Paths to a referral (`refer`) are listed only if
    no missing fact can lead to an approval.
    """
    return _shortest_ways(assessment, edition, "approve") or _shortest_ways(assessment, edition, "refer")


def _shortest_ways(assessment: Assessment, edition: Edition, leads_to: SearchedOutcome) -> tuple[Way, ...]:
    ways: list[Way] = []
    as_of, size_max = assessment.as_of, None
    for on in [as_of, *_future_days(assessment.facts, as_of, edition)]:
        states = _PathSearch(assessment, edition, leads_to, on).shortest(size_max)
        for state in states:
            supplies = tuple(_supplies_in_order(state, edition))
            from_day = None if on == as_of else on
            ways.append(Way(leads_to=leads_to, size=len(supplies), supplies=supplies, from_day=from_day))
        if states:
            size_max = len(states[0].supplies) - 1
        if size_max == -1:
            break
    return tuple(sorted(ways, key=_effort))


def _effort(way: Way) -> tuple[int, int, int]:
    """The sort key of a path: the number of supplies, of documents, and of documents without a stated finding.

    A fact is easier to supply than a document.
    """
    documents = [one for one in way.supplies if one.needs_document]
    return way.size, len(documents), sum(not one.field.endswith(".documentation") for one in documents)


def _future_days(facts: Facts, as_of: date, edition: Edition) -> list[date]:
    """The later days on which time alone can change an answer: birthdays and anniversaries of doses.

    A partly known date has two such days (R5): one for its last possible day, which is certain, and one for its first
    possible day, in case the exact date is supplied.
    """
    prior, parameters = facts.prior_treatment, edition.parameters
    course = prior.open_course
    doses: list[PossibleDays | None] = [prior.last_dose_on, course.last_dose_on if course is not None else None]
    for one in prior.possible:
        doses += [one.last_dose, one.open_course.last_dose if one.open_course is not None else None]
    ages: list[tuple[PossibleDays | None, int]] = [(facts.birth_date, parameters.age_min_years)]
    ages += [(days, parameters.years_between_courses) for days in doses]
    found = {
        anniversary(day, years) for known, years in ages if known is not None for day in (known.earliest, known.latest)
    }
    return sorted(day for day in found if as_of < day and day.year <= LAST_YEAR)


class _PathSearch:
    """A breadth-first search over the facts that could be supplied, for one outcome on one day."""

    def __init__(self, assessment: Assessment, edition: Edition, leads_to: SearchedOutcome, on: date) -> None:
        self.assessment, self.edition, self.on = assessment, edition, on
        self.approving = leads_to == "approve"
        self.outcomes: tuple[Recommendation, ...] = ("approve",) if self.approving else ("approve", "refer")
        self.criteria = edition.criteria

    def shortest(self, size_max: int | None) -> list[_SearchState]:
        """Every smallest set of at most `size_max` supplies that leads to the outcome. Empty if there is none."""
        known = self.assessment.facts
        first = self.assessment if self.on == self.assessment.as_of else self._assessed(known)
        states, size = [_SearchState((), first)] if self._is_open(first) else [], 0
        while states:
            reached = [one for one in states if one.assessment.recommendation in self.outcomes]
            if reached or size == size_max:
                return reached
            states, size = self._with_one_more(states), size + 1
        return []

    def _assessed(self, facts: Facts) -> Assessment:
        return assess(facts, self.on, self.edition, self.assessment.circumstances)

    def _is_open(self, assessment: Assessment) -> bool:
        """Whether more supplies could still lead to the outcome. A known fact against it remains."""
        if assessment.recommendation == "not_recommended":
            return False
        # A request that is only approvable by another reading than ours needs a clinician (R11, R12).
        is_arguable = all(assessment.finding(path.citation).answer is NOT_MET for path in self.edition.paths)
        return not (self.approving and is_arguable)

    def _with_one_more(self, states: list[_SearchState]) -> list[_SearchState]:
        seen: set[frozenset[tuple[str, str]]] = set()
        found = []
        for state in states:
            for one in self._to_try(state) if len(seen) < ASSESSED_MAX else ():
                supplied_values = frozenset((each.field, repr(each.value)) for each in (*state.supplies, one.supply))
                if supplied_values in seen or len(seen) == ASSESSED_MAX or _is_supplied(one.supply, state):
                    continue
                seen.add(supplied_values)
                assessment = self._assessed(with_fact(state.assessment.facts, one.supply.field, one.supply.value))
                if self._is_open(assessment):
                    settles = _newly_answered(self.edition, state.assessment, assessment) or self._affected(state, one)
                    supply = one.supply.model_copy(update={"settles": settles})
                    found.append(_SearchState((*state.supplies, supply), assessment))
        return found

    def _to_try(self, state: _SearchState) -> list[Completion]:
        """The completions for the requirement with the fewest of them. Empty if a requirement has none."""
        question = Question(state.assessment.facts, self.on, self.edition)
        offered = completions(question, self.assessment.as_of)
        requirements = self._requirements(state.assessment, question)
        return min(([one for one in offered if one.bears_on & each] for each in requirements), key=len, default=[])

    def _requirements(self, assessment: Assessment, question: Question) -> Iterator[frozenset[str]]:
        """What every path to the outcome must still answer or resolve, each as a set of clauses or reason codes.

        While the scope is undetermined, the criteria of neither path are required. An approval requires that the dosing
        of the path is met and that no referral reason is left.
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

    def _affected(self, state: _SearchState, one: Completion) -> tuple[str, ...]:
        """The unanswered clauses that a supply affects. Used if it answers none of them alone."""
        findings = state.assessment.findings
        return tuple(each.citation for each in findings if each.citation in one.bears_on and each.answer is not MET)


def _is_supplied(supply: Supply, state: _SearchState) -> bool:
    """Whether the fact was supplied before. Only agents can be added several times."""
    return supply.field != ONE_MORE_AGENT and any(one.field == supply.field for one in state.supplies)


def _newly_answered(edition: Edition, before: Assessment, after: Assessment) -> tuple[str, ...]:
    """The leaves that a supply answered, and the scope if the supply decided it."""
    scope = edition.path(after.scope).citation if after.scope is not None and before.scope is None else None
    return tuple(
        now.citation
        for then, now in zip(before.findings, after.findings, strict=True)
        if now.citation == scope
        or (now.answer is not then.answer and isinstance(edition.by_citation.get(now.citation), Leaf))
    )


def _supplies_in_order(state: _SearchState, edition: Edition) -> list[Supply]:
    """The supplies in the order of the document, each with only the clauses of the path that was reached."""
    of_other_path = {
        citation
        for path in edition.paths
        if path.letter != state.assessment.path
        for citation in (path.citation, path.dosing.citation, *_criteria(path))
    }
    place = {citation: number for number, citation in enumerate(edition.by_citation)}
    supplies = [
        one.model_copy(update={"settles": tuple(citation for citation in one.settles if citation not in of_other_path)})
        for one in state.supplies
    ]
    return sorted(supplies, key=lambda one: min((place[citation] for citation in one.settles), default=len(place)))


def _criteria(path: Path) -> Iterator[str]:
    return (node.citation for clause in path.clauses for node in walk(clause))
