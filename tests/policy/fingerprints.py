"""What each leaf answers, as one short hash: so that no rule changes without a word.

An edition's digest covers the revision of a leaf and cannot see its code. The rows of `fingerprints.txt` can: one
for each leaf of each revision of each edition, over the answers of its rule to the fixed table of questions; and
one for what is concluded from the answers, which is code that all revisions share.
`python -m tests.policy.fingerprints` adds the rows that are missing and never alters one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from itertools import cycle
from pathlib import Path

from domain.facts import Circumstances
from domain.policy import editions
from domain.policy.assessment import assess
from domain.policy.edition import Edition, Leaf, Question, RuleAnswer
from domain.policy.reassessment import conclusions
from tests.policy.questions import questions

FILE = Path(__file__).parent / "fingerprints.txt"

CONCLUSIONS = "conclusions"
CIRCUMSTANCES = (
    Circumstances(),
    Circumstances(course_short=True),
    Circumstances(course_closed_unfinished=True),
    Circumstances(diagnosis_codes=("G35.B1", "G35.A")),
)

Name = tuple[str, int, str, int]
"""Edition, its revision, the leaf's citation, the leaf's revision."""


def leaves(edition: Edition) -> Iterator[tuple[str, Leaf]]:
    for path in edition.paths:
        yield f"scope-of-{path.citation}", path.scope
    for node in edition.nodes():
        if isinstance(node, Leaf):
            yield node.citation, node


def fingerprints(edition: Edition) -> dict[Name, str]:
    """Over values only: the answer, whether it is arguable, the day that turns it. Never sentences."""
    asked = [Question(facts, as_of, edition) for facts, as_of in questions()]
    found = {(citation, leaf.revision): fingerprint(leaf, asked) for citation, leaf in leaves(edition)}
    found[CONCLUSIONS, 1] = fingerprint_of_conclusions(edition)
    return {(edition.key, edition.revision, *name): value for name, value in found.items()}


def fingerprint(leaf: Leaf, asked: Iterable[Question]) -> str:
    answers = "\n".join(value(leaf.rule(one)) for one in asked)
    return hashlib.sha256(answers.encode()).hexdigest()[:16]


def fingerprint_of_conclusions(edition: Edition) -> str:
    """Over the recommendation with its reasons and all else that a recheck compares, in each of the circumstances."""
    pairs = zip(questions()[::5], cycle(CIRCUMSTANCES), strict=False)
    concluded = [conclusions(assess(facts, as_of, edition, around)) for (facts, as_of), around in pairs]
    return hashlib.sha256(json.dumps(concluded).encode()).hexdigest()[:16]


def value(judged: RuleAnswer) -> str:
    return f"{judged.answer.value} {judged.arguable} {judged.approvable_from}"


def on_record() -> dict[Name, str]:
    rows = (line.split() for line in FILE.read_text().splitlines() if line and not line.startswith("#"))
    return {(key, int(revision), cited, int(leaf)): value for key, revision, cited, leaf, value in rows}


def complaints(recorded: dict[Name, str]) -> list[str]:
    """What differs between the rules and the rows, each in a sentence that says what to do."""
    now = {name: one for revisions in editions.KNOWN for each in revisions for name, one in fingerprints(each).items()}
    found = []
    for name in now | recorded:
        key, revision, citation, leaf_revision = name
        where = f"{citation} (leaf revision {leaf_revision}) in edition {key} revision {revision}"
        if name not in recorded:
            found.append(f"{where} has no fingerprint yet: run `python -m tests.policy.fingerprints`, which adds it.")
        elif name not in now:
            found.append(f"{where} is gone, and determinations on record name it: old revisions stay runnable.")
        elif now[name] != recorded[name] and citation == CONCLUSIONS:
            found.append(
                f"Edition {key} revision {revision} concludes otherwise than it did from the same answers. Every record"
                " under it would be reported as not agreeing: let what is new ask for a fact or a circumstance that"
                " no record has yet, or keep the old way for the revisions that were there before."
            )
        elif now[name] != recorded[name]:
            found.append(
                f"The rule of {where} answers otherwise than it did, and determinations on record rest on it."
                " Keep the old function under a name with its revision; give the leaf the new one and"
                f" `revision={leaf_revision + 1}`, and the edition `revision={revision + 1}`; put"
                f" `EDITION.revised({revision}, <the leaf as it was>)` behind it in REVISIONS."
                " domain/policy/README.md describes how: Change a rule."
            )
    return found


def add_missing_rows() -> int:
    recorded, added = on_record(), []
    for revisions in editions.KNOWN:
        for name, value in (pair for each in reversed(revisions) for pair in fingerprints(each).items()):
            if name not in recorded:
                added.append(" ".join([*map(str, name), value]) + "\n")
    with FILE.open("a") as file:
        file.writelines(added)
    return len(added)


if __name__ == "__main__":
    print(f"{add_missing_rows()} rows added to {FILE.name}")
