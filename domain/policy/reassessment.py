"""Judging a recorded determination again: was it the policy's answer then, and would it be now?

Two questions that must not be mixed up. Under the edition and revision that the record names, the same facts on
the same day must give the same answers: where they do not, the record or the program was tampered with or is
broken. Under the newest revision of that edition they may well not: a rule was mended since.
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
    """A clause that is answered otherwise, by its citation; None where one side has no such clause.

    An answer is written as the record has it, with what belongs to it: `not_met, arguable` or
    `not_met, approvable from 2026-03-05`.
    """

    citation: str
    recorded: str | None
    now: str | None


class Concluded(FrozenModel):
    """A conclusion that is another, by its name in the assessment: `recommendation`, `path`, `needed` ..."""

    name: str
    recorded: JsonValue
    now: JsonValue


class Rerun(FrozenModel):
    """The record's facts, circumstances and day, judged again under one revision. Sentences are not compared."""

    edition: str
    revision: StrictInt
    findings: tuple[Difference, ...] = ()
    conclusions: tuple[Concluded, ...] = ()

    @property
    def agrees(self) -> bool:
        return not self.findings and not self.conclusions


class Rechecked(FrozenModel):
    """Both answers, side by side.

    `as_recorded` is under the very edition and revision of the record; None where this program does not have
    it, and `cannot_rerun` then says why. `newest` is under the newest revision of the same edition, which may be
    the same; None where the edition itself is not known.
    """

    as_recorded: Rerun | None
    newest: Rerun | None
    cannot_rerun: str | None = None

    @property
    def holds(self) -> bool:
        """Whether the record is what its own edition and revision answer. What could not be re-run is not shown."""
        return self.as_recorded is not None and self.as_recorded.agrees

    @property
    def would_now_differ(self) -> bool:
        """Whether a rule mended since would answer otherwise: only meant of a record that holds."""
        return self.holds and self.newest is not None and not self.newest.agrees

    @property
    def sentence(self) -> str:
        """One line for people: what an auditor is told."""
        if self.as_recorded is None:
            return f"Cannot be re-run: {self.cannot_rerun}"
        if not self.as_recorded.agrees:
            return f"Does not agree with edition {_named(self.as_recorded)}: {_listed(self.as_recorded)}."
        if self.newest is not None and not self.newest.agrees:
            return f"Agrees; would now differ (revision {self.newest.revision}): {_listed(self.newest)}."
        return f"Agrees with edition {_named(self.as_recorded)}."


def would_differ(recorded: Assessment) -> Rechecked:
    """Judge a stored assessment again, as it was made and as it would be made now. Pure; never raises."""
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
    """A recorded assessment beside another one: where their findings and conclusions are not the same."""
    return Rerun(
        edition=now.edition,
        revision=now.edition_revision,
        findings=tuple(_findings_that_differ(recorded, now)),
        conclusions=tuple(_conclusions_that_differ(recorded, now)),
    )


def _findings_that_differ(recorded: Assessment, now: Assessment) -> Iterator[Difference]:
    was = {one.citation: _answered(one) for one in recorded.findings}
    is_ = {one.citation: _answered(one) for one in now.findings}
    for citation in was | is_:
        if was.get(citation) != is_.get(citation):
            yield Difference(citation=citation, recorded=was.get(citation), now=is_.get(citation))
    cited = [one.citation for one in recorded.findings]
    for citation in sorted({one for one in cited if cited.count(one) > 1}):
        yield Difference(citation=citation, recorded="answered more than once", now=is_.get(citation))


def _answered(finding: Finding) -> str:
    said = finding.answer.value
    if finding.arguable:
        said += ", arguable"
    if finding.approvable_from is not None:
        said += f", approvable from {finding.approvable_from}"
    return said


def _conclusions_that_differ(recorded: Assessment, now: Assessment) -> Iterator[Concluded]:
    was, is_ = conclusions(recorded), conclusions(now)
    for name, value in was.items():
        if value != is_[name]:
            yield Concluded(name=name, recorded=value, now=is_[name])


def conclusions(assessment: Assessment) -> dict[str, JsonValue]:
    """All that an assessment concludes from its findings, in values; sentences and advisories are words."""
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


def _named(rerun: Rerun) -> str:
    return f"{rerun.edition} revision {rerun.revision}"


def _listed(rerun: Rerun) -> str:
    findings = [f"{one.citation} recorded {one.recorded}, now {one.now}" for one in rerun.findings]
    return "; ".join([*findings, *(f"{one.name} differs" for one in rerun.conclusions)])
