"""A mended rule is a new revision of its edition, and the old one keeps running the old rule."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from domain.errors import EditionUnknown
from domain.facts import Circumstances
from domain.policy import criteria
from domain.policy.answers import Answer
from domain.policy.assessment import Assessment
from domain.policy.edition import Edition, Leaf
from domain.policy.editions import EDITIONS, KNOWN, edition_for, edition_named, edition_recorded, revisions_of
from domain.policy.reassessment import Concluded, Difference, reassess
from tests.policy.cases import AS_OF, MET, NEWEST, NOT_MET, answer, initial, judge, later
from tests.policy.changed_rules import NEXT, leaf_of, next_revision, old_enough_at_eighteen

__all__ = ["next_revision"]

SEVENTEEN = initial(birth_date="2008-10-01")


# -- which revisions there are --------------------------------------------------------------------


def test_the_newest_revision_of_each_edition_is_the_edition() -> None:
    assert tuple(one[0] for one in KNOWN) == EDITIONS
    assert [edition_named(one.key) for one in EDITIONS] == list(EDITIONS)


def _leaves(edition: Edition) -> dict[str, Leaf]:
    scopes = {f"scope of {path.citation}": path.scope for path in edition.paths}
    return scopes | {node.citation: node for node in edition.nodes() if isinstance(node, Leaf)}


def promises_broken(revisions: tuple[Edition, ...]) -> list[str]:
    """What is wrong with the revisions of one edition, given newest first; each in a sentence."""
    found = []
    if [one.revision for one in revisions] != list(range(len(revisions), 0, -1)):
        found.append("The revisions are numbered from 1, without a gap, the newest first: keep every old one.")
    if len({(one.key, one.provenance) for one in revisions}) > 1:
        found.append("A revision keeps the review date and provenance of its edition.")
    for newer, older in pairwise(revisions):
        now, before = _leaves(newer), _leaves(older)
        if replace(newer, revision=older.revision).digest == older.digest:
            found.append(f"Revision {newer.revision} mends nothing that the digest covers: raise the leaf's revision.")
        for citation in now.keys() & before.keys():
            raised = now[citation].revision > before[citation].revision
            if (now[citation].rule is not before[citation].rule) != raised:
                found.append(f"{citation}: another rule and a raised leaf revision go together.")
    return found


@pytest.mark.parametrize("revisions", KNOWN, ids=lambda one: one[0].key)
def test_every_revision_that_ever_was_is_kept(revisions: tuple[Edition, ...]) -> None:
    assert promises_broken(revisions) == []


LEAF = leaf_of(NEWEST, "1.A.i")
BEFORE = revisions_of(NEWEST.key)


@pytest.mark.parametrize(
    ("revisions", "said"),
    [
        ((NEXT, *BEFORE), []),
        ((NEXT, *BEFORE[1:]), ["without a gap"]),
        ((NEWEST, NEXT, *BEFORE[1:]), ["without a gap", "go together"]),
        ((replace(NEWEST, revision=3), *BEFORE), ["mends nothing"]),
        ((NEWEST.revised(3, replace(LEAF, rule=old_enough_at_eighteen)), *BEFORE), ["mends nothing", "go together"]),
        ((NEWEST.revised(3, replace(LEAF, revision=2)), *BEFORE), ["go together"]),
        ((replace(NEXT, provenance="reconstructed"), *BEFORE), ["provenance of its edition"]),
    ],
)
def test_the_check_of_revisions_sees_what_it_is_for(revisions: tuple[Edition, ...], said: list[str]) -> None:
    broken = promises_broken(revisions)
    assert len(broken) == len(said)
    assert all(one in sentence for one, sentence in zip(said, broken, strict=True))


# -- a revision is made of the other ---------------------------------------------------------------


def test_a_revision_replaces_the_leaves_that_are_given_and_nothing_else() -> None:
    back = NEXT.revised(NEWEST.revision, LEAF)
    assert (back, back.digest) == (NEWEST, NEWEST.digest)
    assert NEXT.digest != NEWEST.digest
    assert leaf_of(NEXT, "1.A.i").rule is old_enough_at_eighteen
    assert leaf_of(NEXT, "1.B.i") is leaf_of(NEWEST, "1.B.i")


@pytest.mark.parametrize("citation", [*NEWEST.by_citation])
def test_every_leaf_can_be_replaced_wherever_it_stands(citation: str) -> None:
    """A scope by its path's citation; a group has no rule to mend."""
    leaf = Leaf(citation, "Mended.", criteria.hiv_infection, revision=3)
    if NEWEST.by_citation[citation] in _groups():
        with pytest.raises(ValueError, match="has no leaf"):
            NEWEST.revised(3, leaf)
        return
    mended = _leaves(NEWEST.revised(3, leaf))
    name = citation if citation in mended else f"scope of {citation}"
    assert {one for one, node in mended.items() if node != _leaves(NEWEST)[one]} == {name}


def _groups() -> list[Any]:
    return [NEWEST.by_citation[one] for one in ("1.A.iii", "1.A.iii.d", "1.B.iii")]


# -- the program after a rule was mended -----------------------------------------------------------


def test_the_newest_revision_is_in_force_and_the_old_one_still_runs(next_revision: Edition) -> None:
    assert edition_for(AS_OF) is next_revision
    assert edition_named("2025-07-23") is next_revision
    assert edition_named("2025-07-23", 2) is NEWEST
    assert revisions_of("2025-07-23") == (next_revision, *BEFORE)
    answers = [answer("1.A.i", SEVENTEEN, edition=edition_named("2025-07-23", one)) for one in (1, 2, 3)]
    assert answers == [MET, MET, NOT_MET]


def test_a_revision_that_is_not_there_is_an_error_that_says_which_are(next_revision: Edition) -> None:
    with pytest.raises(EditionUnknown, match=r"no revision 4 \(edition_revision\): send one of 3, 2, 1"):
        edition_named("2025-07-23", 4)


def test_a_determination_finds_the_very_edition_that_it_names(next_revision: Edition) -> None:
    for edition in (next_revision, *(one for revisions in KNOWN for one in revisions)):
        assert edition_recorded(edition.key, edition.revision, edition.digest) is edition


@pytest.mark.parametrize(
    ("recorded", "field"),
    [
        (("2025-07-22", 1, NEWEST.digest), "edition"),
        (("unknown", 1, NEWEST.digest), "edition"),
        (("2025-07-23", 4, NEWEST.digest), "edition_revision"),
        (("2025-07-23", 1, NEWEST.digest), "edition_digest"),
        (("2025-07-23", 3, NEWEST.digest), "edition_digest"),
        (("2025-07-23", 2, ""), "edition_digest"),
    ],
)
def test_an_edition_that_is_not_the_recorded_one_is_refused(
    recorded: tuple[str, int, str], field: str, next_revision: Edition
) -> None:
    with pytest.raises(EditionUnknown) as refused:
        edition_recorded(*recorded)
    assert refused.value.field == field


# -- a record judged again -------------------------------------------------------------------------


@pytest.mark.parametrize("edition", EDITIONS, ids=lambda one: one.key)
def test_a_record_agrees_with_its_own_edition(edition: Edition) -> None:
    for facts in (initial(), later(hiv_infection=None), later(prior_treatment__last_dose_on="2026-01-01"), SEVENTEEN):
        again = reassess(_stored(judge(facts, AS_OF, edition, Circumstances(course_short=True))))
        assert (again.holds, again.would_now_differ) == (True, False)
        assert again.sentence == f"Agrees with edition {edition.key} revision 2."


def _stored(assessment: Assessment) -> Assessment:
    """As it comes back from an event."""
    return Assessment.model_validate_json(assessment.model_dump_json())


def test_a_rule_mended_since_is_told_apart_from_tampering(next_revision: Edition) -> None:
    again = reassess(_stored(judge(SEVENTEEN)))
    assert again.as_recorded is not None
    assert (again.as_recorded.revision, again.as_recorded.agrees) == (2, True)
    assert again.newest is not None
    assert (again.newest.edition, again.newest.revision) == ("2025-07-23", 3)
    assert again.newest.findings == (
        Difference(citation="1.A", recorded=MET, now="not_met, approvable from 2026-10-01"),
        Difference(citation="1.A.i", recorded=MET, now="not_met, approvable from 2026-10-01"),
        Difference(citation="NR.5", recorded=NOT_MET, now=MET),
    )
    assert Concluded(name="recommendation", recorded="approve", now="not_recommended") in again.newest.conclusions
    assert (again.holds, again.would_now_differ) == (True, True)
    assert again.sentence.startswith("Agrees; would now differ (revision 3): 1.A recorded met, now not_met")


def test_a_mended_rule_that_changes_nothing_here_is_not_mentioned(next_revision: Edition) -> None:
    again = reassess(_stored(judge(initial())))
    assert (again.holds, again.would_now_differ) == (True, False)
    assert again.newest is not None
    assert again.newest.revision == 3, "it was judged under the newest all the same"


def test_what_was_made_under_the_newest_revision_agrees_with_it(next_revision: Edition) -> None:
    again = reassess(_stored(judge(SEVENTEEN, edition=next_revision)))
    assert again.sentence == "Agrees with edition 2025-07-23 revision 3."


def _with_finding(assessment: Assessment, cited: str, /, **changes: Any) -> Assessment:
    findings = [one.model_copy(update=changes) if one.citation == cited else one for one in assessment.findings]
    return assessment.model_copy(update={"findings": tuple(findings)})


RECORD = judge(later(hiv_infection=True))


@pytest.mark.parametrize(
    ("altered", "named"),
    [
        (_with_finding(RECORD, "NR.3", answer=Answer.NOT_MET), "NR.3 recorded not_met, now met"),
        (_with_finding(RECORD, "1.A.iii.a", arguable=True), "1.A.iii.a recorded not_met, arguable, now not_met"),
        (_with_finding(RECORD, "1.A", approvable_from=AS_OF), "1.A recorded not_met, approvable from 2026-04-28"),
        (_with_finding(RECORD, "NR.3", citation="NR.9"), "NR.9 recorded met, now None; NR.3 recorded None, now met"),
        (RECORD.model_copy(update={"findings": RECORD.findings[1:]}), "1 recorded None, now met"),
        (
            RECORD.model_copy(update={"findings": (*RECORD.findings, RECORD.finding("1.A"))}),
            "1.A recorded answered more than once",
        ),
        (RECORD.model_copy(update={"recommendation": "approve"}), "recommendation differs"),
        (RECORD.model_copy(update={"exclusions": ()}), "exclusions differs"),
        (RECORD.model_copy(update={"doses": 5}), "doses differs"),
        (RECORD.model_copy(update={"edition_provenance": "reconstructed"}), "edition_provenance differs"),
        (RECORD.model_copy(update={"facts": later()}), "NR.3 recorded met, now not_met"),
        (RECORD.model_copy(update={"facts": initial(hiv_infection=True)}), "1.A recorded not_met, now met"),
    ],
)
def test_a_record_that_was_altered_says_where(altered: Assessment, named: str, next_revision: Edition) -> None:
    again = reassess(altered)
    assert (again.holds, again.would_now_differ) == (False, False)
    assert again.sentence.startswith("Does not agree with edition 2025-07-23 revision 2: ")
    assert named in again.sentence


@pytest.mark.parametrize(
    ("changes", "why", "edition_known"),
    [
        ({"edition": "unknown"}, "'unknown'", False),
        ({"edition_revision": 7}, "no revision 7", True),
        ({"edition_digest": "0" * 64}, "digests differ", True),
    ],
)
def test_a_record_of_rules_that_are_not_here_cannot_be_re_run_and_says_why(
    changes: dict[str, Any], why: str, edition_known: bool
) -> None:
    again = reassess(judge(initial()).model_copy(update=changes))
    assert again.as_recorded is None
    assert (again.newest is not None) is edition_known
    assert (again.holds, again.would_now_differ) == (False, False)
    assert again.sentence.startswith("Cannot be re-run: ")
    assert why in again.sentence
