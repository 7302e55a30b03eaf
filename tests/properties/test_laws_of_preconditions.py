"""What `may` says before anything is typed is what the decision says after, of every command and every history.

Two laws. Where `may` refuses, the decision refuses in the same words, whatever the terms are; of a command that is
decided from an assessment: whatever the other terms are, if they name the assessment of now. Where `may` permits, the
decision accepts sensible terms, or says that a term cannot be meant (InvalidCommand).

The second law leaves out what only the terms can bring about, and so no button can tell: that what is sent is on
record already (a dose's reference, a document), that an id among the terms is unknown, that less is approved than this
person may (`doses`), that an appeal is upheld by somebody who cannot (`outcome`), and, of an appeal of a request for
doses given before it, that none of them counts: it cannot be overturned then, but it can be upheld.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

import pytest
from hypothesis import strategies as st

from domain.commands import COMMANDS, Command
from domain.commands.appeals import DecideAppeal
from domain.commands.determinations import ApproveCourse, ExtendApproval
from domain.commands.requests import RequestInformation
from domain.decisions import decide
from domain.decisions.may import PRECONDITIONS, may
from domain.decisions.preconditions import always
from domain.errors import AssessmentMoved, Conflict, InvalidCommand, LedgerError
from domain.people import Actor
from domain.permissions.commands import refusal_of_role
from tests import story
from tests.properties.stories import at_every_scale, hold
from tests.properties.tries import ACTORS, BEGINNINGS, Past, commands_about, happened, pasts, subjects
from tests.story import NEVER_SEEN, Scenario, given

Words = tuple[type[LedgerError], str, str | None, str | None, str]
ONLY_OVERTURNING: Final = "no dose that the request names counts"
ON_WHAT_IT_SAYS: Final = (ApproveCourse, RequestInformation, ExtendApproval)
"""Commands that the words of an assessment can forbid, besides that there is none."""


def words(error: LedgerError | None) -> Words | None:
    return (type(error), error.cause, error.field, error.clause, error.remedy) if error is not None else None


def holds_for(actor: Actor, scenario: Scenario, seen: Counter[tuple[type[Command], str]]) -> None:
    history, moment = scenario.known, scenario.moment(actor)
    for kind in COMMANDS:
        for subject in subjects(kind, history, actor):
            refusal = may(history, moment, kind, subject)
            by_role = refusal_of_role(actor, kind) is not None
            seen[kind, "permitted" if refusal is None else "by role" if by_role else "refused"] += 1
            for number, command in enumerate(commands_about(kind, subject, history, moment)):
                decided: LedgerError | None = None
                try:
                    assert decide(history, command, moment)
                except LedgerError as error:
                    decided = error
                if refusal is not None:
                    assert words(decided) == words(refusal), command
                    if by_role:
                        break
                elif number == 0 and decided is not None and not isinstance(decided, InvalidCommand):
                    assert kind is DecideAppeal, (command, decided)
                    assert isinstance(decided, Conflict)
                    assert decided.cause == ONLY_OVERTURNING


@at_every_scale
def test_a_button_and_its_decision_agree_whatever_happened(scale: str) -> None:
    def law(past: Past, others: list[Actor]) -> None:
        scenario = happened(past)
        for actor in (story.NURSE, story.PHYSICIAN, story.NEUROLOGIST, *others):
            holds_for(actor, scenario, Counter())

    hold(scale, law, pasts, st.lists(st.sampled_from(ACTORS), max_size=2))


def test_they_agree_where_each_command_is_permitted_and_where_it_is_refused() -> None:
    """So that the laws are about something: every command comes to both, and to a role that may not give it."""
    seen: Counter[tuple[type[Command], str]] = Counter()
    for number in range(len(BEGINNINGS)):
        scenario = happened(Past(number, []))
        for actor in ACTORS:
            holds_for(actor, scenario, seen)
    never = [
        (kind.__name__, how)
        for kind in COMMANDS
        for how in ("permitted", "by role", "refused")
        if not seen[kind, how] and not (how == "refused" and PRECONDITIONS[kind] is always)
    ]
    assert never == []


def test_an_assessment_that_was_made_already_is_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = given(story.submitted({}))
    history, moment, request_id = scenario.known, scenario.moment(story.NURSE), scenario.known.requests[-1].request_id
    assessed = scenario.judged()
    refusals = {kind: words(may(history, moment, kind, request_id)) for kind in ON_WHAT_IT_SAYS}
    monkeypatch.setattr("domain.review.assess_request.assess", None)
    again = {kind: words(may(history, moment, kind, request_id, assessed)) for kind in ON_WHAT_IT_SAYS}
    assert again == refusals
    assert refusals[ApproveCourse] is not None
    assert refusals[RequestInformation] is None


def test_that_the_assessment_moved_is_told_before_what_it_says_now_and_after_what_the_record_forbids() -> None:
    unseen = {"assessment_digest": NEVER_SEEN}
    scenario = given(story.submitted({}))
    scenario.when(story.approved(**unseen)).then_refused(AssessmentMoved)
    scenario.and_given(story.withdrawn()).when(story.approved(**unseen)).then_refused(Conflict, field="request_id")
    assert not isinstance(scenario.error, AssessmentMoved)
