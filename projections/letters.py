"""The content of letters: approval, denial, information needed, and appeal decision.

A letter renders what is on record, in the recorded words, and assesses nothing. The same function renders the preview
of a denial that a user is writing, from the text typed so far.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final, Literal
from zoneinfo import ZoneInfo

from domain.deadline_terms.table import BUILT_IN, DeadlineTable
from domain.errors import NotFound
from domain.facts import FrozenModel
from domain.history.records import Appeal, ApprovalRecord, Asking, DeterminationRecord, Request
from domain.history.state import PatientHistory
from domain.people import Actor
from domain.policy.assessment import NOT_LISTED, Assessment
from domain.policy.edition import Edition
from domain.policy.editions import EDITIONS, edition_for
from projections.appeal_information import information_on_appeals, time_to_decide

LetterKind = Literal["approval", "denial", "information_needed", "appeal_decision"]

TITLES: Final[dict[LetterKind, str]] = {
    "approval": "Your request is approved",
    "denial": "Your request is not approved",
    "information_needed": "We need more information",
    "appeal_decision": "Your appeal is decided",
}
CRITERIA: Final = (
    "You may have, free of charge, the criteria that were used, each by its clause, and everything that is in the file"
    " of this request: what was stated and sent, who looked at it, and how it was decided. Ask the plan for them."
)


class LetterReason(FrozenModel):
    """One clause that a letter is based on: its paraphrase, and what was found."""

    clause: str
    criterion: str
    found: str


class LetterPart(FrozenModel):
    """A heading and the text below it. `reasons` are listed before the sentences, and `rows` after them."""

    title: str
    sentences: tuple[str, ...] = ()
    reasons: tuple[LetterReason, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()


class Letter(FrozenModel):
    """One letter. `title` names no person; `to` and `about` do.

    `version` is the number of the event that the letter reports. It is null for a draft, and for an information
    request whose event number is not on record.
    """

    kind: LetterKind
    title: str
    on: date
    to: tuple[str, ...]
    about: tuple[tuple[str, str], ...]
    parts: tuple[LetterPart, ...]
    version: int | None
    is_draft: bool = False


class DenialDraft(FrozenModel):
    """A denial that a user is writing."""

    citing: tuple[str, ...]
    rationale: str
    by: Actor
    on: date
    assessment: Assessment


def letter(
    history: PatientHistory,
    request: Request,
    kind: LetterKind,
    zone: ZoneInfo,
    appeal: Appeal | None = None,
    table: DeadlineTable = BUILT_IN,
) -> Letter:
    """Returns the letter for the latest event of this kind on record. Raises NotFound if there is none."""
    match kind:
        case "approval":
            return _of_approval(history, request, _latest(request, "approved"), zone, table)
        case "denial":
            return _of_denial(history, request, _latest(request, "denied"), zone, table)
        case "information_needed":
            if not request.askings:
                raise _not_on_record("no information was asked for")
            return _of_asking(history, request, request.askings[-1], zone, table)
        case "appeal_decision":
            if appeal is None or appeal.determination is None or appeal.closed_on is None:
                raise _not_on_record("no appeal of this request is decided")
            return _of_appeal(history, request, appeal, zone, table)


def draft_letter(
    history: PatientHistory, request: Request, draft: DenialDraft, zone: ZoneInfo, table: DeadlineTable = BUILT_IN
) -> Letter:
    """Returns the letter of a denial that is not recorded yet."""
    appealing = information_on_appeals(history, request, "denial", draft.on, zone, table)
    return _denial(history, request, appealing, draft.on, draft.by, draft.citing, draft.rationale, draft.assessment)


def _latest(request: Request, kind: Literal["approved", "denied"]) -> DeterminationRecord:
    found = [one for one in request.decisions if one.kind == kind and one.determination is not None]
    if not found:
        raise _not_on_record(f"this request was not {kind}")
    return found[-1]


def _not_on_record(cause: str) -> NotFound:
    return NotFound(cause, field="kind", remedy="record first what the letter tells of")


# -- the letters ------------------------------------------------------------------------------


def _of_approval(
    history: PatientHistory, request: Request, decision: DeterminationRecord, zone: ZoneInfo, table: DeadlineTable
) -> Letter:
    determination = decision.determination
    approval = next(one for one in history.approvals if one.version == decision.version)
    assert determination is not None
    edition = _edition_of(determination.assessment)
    parts = [_approved(approval, edition)]
    if approval.left_out is not None:
        reasons = _reasons(approval.citing, edition, determination.assessment)
        parts.append(LetterPart(title="What is not approved", sentences=(approval.left_out,), reasons=reasons))
        on = determination.decided_on
        parts.append(_appealing(information_on_appeals(history, request, "approval", on, zone, table)))
    parts += [_decided_by(decision.by, decision.on), _edition_part(determination.assessment), _criteria()]
    return _letter(history, request, "approval", decision.on, parts, decision.version)


def _approved(approval: ApprovalRecord, edition: Edition) -> LetterPart:
    path = edition.path("A" if approval.course == 1 else "B")
    course = "the first course" if approval.course == 1 else f"course {approval.course}"
    rows = [
        ("Doses", f"{approval.doses_approved}, of {course}"),
        ("Given how", path.dosing.paraphrase.partition(": ")[2] or path.dosing.paraphrase),
        ("Valid", f"from {approval.valid_from} through {approval.valid_through}, both days included"),
    ]
    if approval.rescinded_on is not None:
        rows.append(("Taken back", f"from {approval.rescinded_on} on it covers nothing"))
    return LetterPart(
        title="What is approved",
        sentences=("Doses that are not given by the last of these days need a new request.",),
        rows=tuple(rows),
    )


def _of_denial(
    history: PatientHistory, request: Request, decision: DeterminationRecord, zone: ZoneInfo, table: DeadlineTable
) -> Letter:
    determination = decision.determination
    assert determination is not None
    rationale, assessment = determination.rationale or "", determination.assessment
    appealing = information_on_appeals(history, request, "denial", decision.on, zone, table)
    return _denial(
        history, request, appealing, decision.on, decision.by, decision.citing, rationale, assessment, decision.version
    )


def _denial(
    history: PatientHistory,
    request: Request,
    appealing: tuple[Sequence[str], Sequence[tuple[str, str]]],
    on: date,
    by: Actor,
    citing: Sequence[str],
    rationale: str,
    assessment: Assessment,
    version: int | None = None,
) -> Letter:
    reasons = _reasons(citing, _edition_of(assessment), assessment)
    parts = [LetterPart(title="Why it is not approved", sentences=(rationale,) if rationale else (), reasons=reasons)]
    when = assessment.approvable_from
    if when is not None:
        parts.append(
            LetterPart(
                title="When it could be approved",
                sentences=(f"Time alone would change this: the same request could be approved from {when} on.",),
            )
        )
    parts += [_appealing(appealing), _decided_by(by, on), _edition_part(assessment), _criteria()]
    return _letter(history, request, "denial", on, parts, version)


def _of_asking(
    history: PatientHistory, request: Request, asking: Asking, zone: ZoneInfo, table: DeadlineTable
) -> Letter:
    asked_on, until = asking.asked_at.astimezone(zone).date(), asking.answer_by.astimezone(zone)
    edition = edition_for(request.received_on)
    reasons = tuple(
        LetterReason(
            clause=one.clause,
            criterion=_words_of(one.clause, edition),
            found=f"{one.sentence} Still to be told: {', '.join(_spoken(fact) for fact in one.missing)}."
            if one.missing
            else one.sentence,
        )
        for one in asking.asked
    )
    parts = [
        LetterPart(
            title="What we need",
            sentences=("Nothing is decided yet. With these we can decide; nothing else is missing.",),
            reasons=reasons,
        ),
        LetterPart(
            title="Until when",
            rows=(("Send it by", until.strftime("%Y-%m-%d %H:%M %Z")),),
            sentences=(time_to_decide(history, request, asking, zone, table), "What comes later is still looked at."),
        ),
        _criteria(),
    ]
    return _letter(history, request, "information_needed", asked_on, parts, asking.version or None)


_OUTCOMES: Final = {
    "upheld": "The determination stands.",
    "overturned": "The determination is overturned in your favour.",
    "overturned_in_part": "The determination is overturned in part.",
}


def _of_appeal(
    history: PatientHistory, request: Request, appeal: Appeal, zone: ZoneInfo, table: DeadlineTable
) -> Letter:
    determination, on = appeal.determination, appeal.closed_on
    assert determination is not None
    assert on is not None
    reasons = _reasons(appeal.citing, _edition_of(determination.assessment), determination.assessment)
    sentences = tuple(one for one in (_OUTCOMES.get(appeal.status), determination.rationale) if one)
    parts = [LetterPart(title="What is decided", sentences=sentences, reasons=reasons)]
    approval = next((one for one in history.approvals if one.appeal_id == appeal.appeal_id), None)
    if approval is not None:
        parts.append(_approved(approval, _edition_of(determination.assessment)))
    if appeal.status != "overturned":
        parts.append(_appealing(information_on_appeals(history, request, "appeal_decision", on, zone, table, appeal)))
    if appeal.decided_by is not None:
        parts.append(_decided_by(appeal.decided_by, on, " They took no part in the determination before."))
    parts += [_edition_part(determination.assessment), _criteria()]
    return _letter(history, request, "appeal_decision", on, parts, appeal.closed_version)


# -- what letters share -----------------------------------------------------------------------


def _letter(
    history: PatientHistory,
    request: Request,
    kind: LetterKind,
    on: date,
    parts: Iterable[LetterPart],
    version: int | None,
) -> Letter:
    number = request.request_id.rpartition(".")[2]
    return Letter(
        kind=kind,
        title=TITLES[kind],
        on=on,
        to=tuple(_addressees(history, request)),
        about=(
            ("About", f"Lemtrada (alemtuzumab), request {number} received on {request.received_on}"),
            ("Patient", history.name),
            ("Asked for by", request.prescriber.name),
            ("Plan", _spoken(request.line_of_business)),
        ),
        parts=tuple(parts),
        version=version,
        is_draft=version is None and kind == "denial",
    )


def _addressees(history: PatientHistory, request: Request) -> Iterator[str]:
    yield history.name
    yield request.prescriber.name


def _reasons(citing: Iterable[str], edition: Edition, assessment: Assessment) -> tuple[LetterReason, ...]:
    found = {one.citation: one.sentence for one in assessment.findings}
    return tuple(
        LetterReason(clause=one, criterion=_words_of(one, edition), found=found.get(one, ""))
        for one in dict.fromkeys(citing)
    )


def _words_of(citation: str, edition: Edition) -> str:
    if citation == NOT_LISTED:
        return edition.not_listed
    node = edition.by_citation.get(citation)
    return node.paraphrase if node is not None else ""


def _edition_of(assessment: Assessment) -> Edition:
    return next((one for one in EDITIONS if one.key == assessment.edition), EDITIONS[0])


def _edition_part(assessment: Assessment) -> LetterPart:
    source = "" if assessment.edition_provenance == "text" else ", reconstructed from the policy's table of changes"
    edition = f"{assessment.edition}, revision {assessment.edition_revision}{source}"
    return LetterPart(title="Which policy", rows=(("Edition", edition), ("Judged on", assessment.as_of.isoformat())))


def _decided_by(actor: Actor, on: date, more: str = "") -> LetterPart:
    credential = "" if actor.credential == "none" else _spoken(actor.credential)
    credentials = ", ".join(one for one in (credential, actor.specialty) if one)
    decider = f"{actor.name}{f' ({credentials})' if credentials else ''}, on {on}."
    return LetterPart(title="Who decided", sentences=(f"A person decided: {decider}{more}",))


def _criteria() -> LetterPart:
    return LetterPart(title="The criteria and your file", sentences=(CRITERIA,))


def _appealing(about: tuple[Sequence[str], Sequence[tuple[str, str]]]) -> LetterPart:
    """Returns the part about appeals."""
    sentences, rows = about
    return LetterPart(title="How to appeal", sentences=tuple(sentences), rows=tuple(rows))


def _spoken(value: str) -> str:
    return value.replace("_", " ").replace(".", ", ")
