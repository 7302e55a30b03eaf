"""Re-evaluates a recorded assessment, under its own edition and under the newest revision of that edition.

These are two different questions. Under the recorded edition and revision, the same facts on the same day must have the
same answers. If they do not, the record or the program was altered or is defective. Under the newest revision, the
answers may differ, because a rule may have been corrected since.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue, StrictInt

from domain.errors import EditionUnknown
from domain.facts import FrozenModel
from domain.policy.assessment import Assessment, Finding, assess
from domain.policy.edition import Edition
from domain.policy.editions import edition_named, edition_recorded


class Difference(FrozenModel):
    """A clause with different answers, by its citation. Null: one side does not have the clause.

    An answer includes its qualification: `not_met, arguable` or `not_met, approvable from 2026-03-05`.
    """

    citation: str
    recorded: str | None
    now: str | None


class Concluded(FrozenModel):
    """A conclusion that differs, by its name in the assessment: `recommendation`, `path`, `needed` ..."""

    name: str
    recorded: JsonValue
    now: JsonValue


class Rerun(FrozenModel):
    """The recorded facts, circumstances and day, assessed again under one revision. Sentences are not compared."""

    edition: str
    revision: StrictInt
    findings: tuple[Difference, ...] = ()
    conclusions: tuple[Concluded, ...] = ()

    @property
    def agrees(self) -> bool:
        return not self.findings and not self.conclusions


class Rechecked(FrozenModel):
    """The results of both re-evaluations.

    `as_recorded` is under the recorded edition and revision. It is null if this program does not have them, and
    `cannot_rerun` then states why. `newest` is under the newest revision of the same edition, which may be the same. It
    is null if the edition is not known.
    """

    as_recorded: Rerun | None
    newest: Rerun | None
    cannot_rerun: str | None = None

    @property
    def holds(self) -> bool:
        """Whether the record agrees with its own edition and revision. False if it could not be re-evaluated."""
        return self.as_recorded is not None and self.as_recorded.agrees

    @property
    def would_now_differ(self) -> bool:
        """Whether a record that holds has other answers under the newest revision, in which a rule was corrected."""
        return self.holds and self.newest is not None and not self.newest.agrees

    @property
    def sentence(self) -> str:
        """The result as one sentence to display to an auditor."""
        if self.as_recorded is None:
            return f"Cannot be re-run: {self.cannot_rerun}"
        if not self.as_recorded.agrees:
            return f"Does not agree with edition {_edition_of(self.as_recorded)}: {_differences_of(self.as_recorded)}."
        if self.newest is not None and not self.newest.agrees:
            return f"Agrees; would now differ (revision {self.newest.revision}): {_differences_of(self.newest)}."
        return f"Agrees with edition {_edition_of(self.as_recorded)}."


def reassess(recorded: Assessment) -> Rechecked:
    """Assess a stored assessment again, under its own and under the newest revision. Pure. Never raises."""
    try:
        newest = _rerun(recorded, edition_named(recorded.edition))
    except EditionUnknown as unknown:
        return Rechecked(as_recorded=None, newest=None, cannot_rerun=str(unknown))
    try:
        then = edition_recorded(recorded.edition, recorded.edition_revision, recorded.edition_digest)
    except EditionUnknown as unknown:
        return Rechecked(as_recorded=None, newest=newest, cannot_rerun=str(unknown))
    same = then.revision == newest.revision
    return Rechecked(as_recorded=newest if same else _rerun(recorded, then), newest=newest)


def _rerun(recorded: Assessment, edition: Edition) -> Rerun:
    return compared(recorded, assess(recorded.facts, recorded.as_of, edition, recorded.circumstances))


def compared(recorded: Assessment, now: Assessment) -> Rerun:
    """The differences between a recorded assessment and another one, in findings and conclusions."""
    return Rerun(
        edition=now.edition,
        revision=now.edition_revision,
        findings=tuple(_findings_that_differ(recorded, now)),
        conclusions=tuple(_conclusions_that_differ(recorded, now)),
    )


def _findings_that_differ(recorded: Assessment, now: Assessment) -> Iterator[Difference]:
    before = {one.citation: _answer_of(one) for one in recorded.findings}
    after = {one.citation: _answer_of(one) for one in now.findings}
    for citation in before | after:
        if before.get(citation) != after.get(citation):
            yield Difference(citation=citation, recorded=before.get(citation), now=after.get(citation))
    cited = [one.citation for one in recorded.findings]
    for citation in sorted({one for one in cited if cited.count(one) > 1}):
        yield Difference(citation=citation, recorded="answered more than once", now=after.get(citation))


def _answer_of(finding: Finding) -> str:
    text = finding.answer.value
    if finding.arguable:
        text += ", arguable"
    if finding.approvable_from is not None:
        text += f", approvable from {finding.approvable_from}"
    return text


def _conclusions_that_differ(recorded: Assessment, now: Assessment) -> Iterator[Concluded]:
    before, after = conclusions(recorded), conclusions(now)
    for name, value in before.items():
        if value != after[name]:
            yield Concluded(name=name, recorded=value, now=after[name])


def conclusions(assessment: Assessment) -> dict[str, JsonValue]:
    """The conclusions of an assessment by name. Sentences and advisories are not conclusions."""
    day = assessment.approvable_from
    return {
        "edition_provenance": assessment.edition_provenance,
        "recommendation": assessment.recommendation,
        "scope": assessment.scope,
        "path": assessment.path,
        "doses": assessment.doses,
        "valid_days": assessment.valid_days,
        "needed": list(assessment.needed),
        "exclusions": list(assessment.exclusions),
        "reasons": [one.code for one in assessment.reasons],
        "approvable_from": None if day is None else day.isoformat(),
    }


def _edition_of(rerun: Rerun) -> str:
    return f"{rerun.edition} revision {rerun.revision}"


def _differences_of(rerun: Rerun) -> str:
    findings = [f"{one.citation} recorded {one.recorded}, now {one.now}" for one in rerun.findings]
    return "; ".join([*findings, *(f"{one.name} differs" for one in rerun.conclusions)])
