"""From a patient's history to an assessment: which facts, which edition, what moved since.

The prescriber states facts in a request; treatment, age and approvals come from the record.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from domain.events.requests import StatedAgent, Statement
from domain.facts import (
    AgentsTried,
    AgentTried,
    AggressiveDisease,
    AggressiveSign,
    Circumstances,
    Consultation,
    Facts,
    RequestedDosing,
)
from domain.history.records import DocumentOnRecord, Dose, Request
from domain.history.state import PatientHistory
from domain.people import ConsultationGiven
from domain.policy.agents import recognise
from domain.policy.assessment import Assessment, assess
from domain.policy.criteria import SPECIALISTS
from domain.policy.edition import Edition
from domain.policy.editions import edition_for
from domain.treatment.concurrent_agents import other_agent_continues
from domain.treatment.courses import Course, courses, prior_treatment

SIGNS: Final = {
    "rapid_deterioration": "1.A.iii.d(1)",
    "disabling_relapses": "1.A.iii.d(2)",
    "mri": "1.A.iii.d(3)",
    "cognitive_impairment": "1.A.iii.d(4)",
}
"""The signs of aggressive disease, and the clauses that ask for a document (R14)."""


@dataclass(frozen=True, slots=True)
class RequestAssessment:
    """An assessment with its digest, and the version of the history that it was made from."""

    assessment: Assessment
    digest: str
    history_version: int


def request_assessment(
    history: PatientHistory, request: Request | None, as_of: date, edition: Edition | None = None
) -> RequestAssessment:
    """Assess a request, or the bare history, on a day; by default under the edition that applies (R21).

    Raises EditionUnknown where no edition is known for the day of receipt.
    """
    applies = edition or edition_for(request.received_on if request is not None else as_of)
    if request is not None and request.retrospective_for:
        # What was given before it was asked for is what the request is about, not treatment before it.
        history = without_doses(history, request.retrospective_for)
    found = courses(history, as_of)
    return _judgement(history, found, request, facts(history, found, request, as_of, applies), as_of, applies)


def extension_assessment(
    history: PatientHistory, request: Request, given: Collection[str], as_of: date
) -> RequestAssessment:
    """Assess a request again to extend its approval: the doses `given` under it are no course before it (R10)."""
    applies = edition_for(request.received_on)
    apart = without_doses(history, (*request.retrospective_for, *given))
    found = courses(apart, as_of)
    return _judgement(apart, found, request, facts(apart, found, request, as_of, applies), as_of, applies)


def without_doses(history: PatientHistory, dose_ids: Collection[str]) -> PatientHistory:
    """The history as if these doses were not on record, nor what their courses came to by them."""
    touched = {dose.course for dose in history.doses if dose.dose_id in dose_ids}
    return replace(
        history,
        doses=tuple(dose for dose in history.doses if dose.dose_id not in dose_ids),
        marks=tuple((course, marks) for course, marks in history.marks if course not in touched),
    )


def next_request_assessment(
    history: PatientHistory,
    found: tuple[Course, ...],
    latest: Request | None,
    as_of: date,
    dosing: RequestedDosing,
    edition: Edition | None = None,
) -> RequestAssessment:
    """What a new request would meet on a day: what the latest one stated, asking for this dosing.

    `found` are the courses of the history on that day.
    """
    applies = edition or edition_for(as_of)
    stated = replace(latest, planned_first_infusion_on=None, retrospective_for=()) if latest is not None else None
    asked = facts(history, found, stated, as_of, applies).model_copy(update={"requested_dosing": dosing})
    return _judgement(history, found, stated, asked, as_of, applies)


def _judgement(
    history: PatientHistory,
    found: tuple[Course, ...],
    request: Request | None,
    asked: Facts,
    as_of: date,
    edition: Edition,
) -> RequestAssessment:
    assessment = assess(asked, as_of, edition, circumstances(history, found, request, asked, as_of))
    return RequestAssessment(assessment, assessment.digest(), history.version)


def facts(
    history: PatientHistory, found: tuple[Course, ...], request: Request | None, as_of: date, edition: Edition
) -> Facts:
    """The facts for the policy: the statement, and the record for everything that the plan knows itself.

    `found` are the courses of the history on that day.
    """
    statement = request.statement if request is not None else Statement()
    treatment = prior_treatment(
        found,
        never_reported=_never_reported(history),
        stated=_lemtrada_stated(statement),
    )
    return Facts(
        birth_date=history.birth_date or statement.birth_date,
        diagnosis=statement.diagnosis,
        ms_form=statement.ms_form,
        prior_treatment=treatment,
        agents=AgentsTried(
            list_is_complete=statement.agents_list_is_complete,
            tried=tuple(AgentTried(product=one.product, outcome=one.outcome) for one in _others(statement)),
        ),
        aggressive_disease=_documented(history, request) if request is not None else AggressiveDisease(),
        prescriber_specialty=request.prescriber.specialty_judged() if request is not None else None,
        consulted_specialty=_consulted(request.consultation) if request is not None else None,
        response=statement.response,
        hiv_infection=statement.hiv_infection,
        other_dmt_continues=other_agent_continues(history, request, as_of, edition) if request is not None else None,
        active_infection=statement.active_infection,
        hypersensitivity=statement.hypersensitivity,
        requested_dosing=statement.requested_dosing,
    )


def circumstances(
    history: PatientHistory, found: tuple[Course, ...], request: Request | None, asked: Facts, as_of: date
) -> Circumstances:
    """What is shown alongside the facts that were `asked` about."""
    statement = request.statement if request is not None else Statement()
    notes = []
    before = [one for one in found if request is not None and one.begun_on < request.received_on]
    if statement.received_lemtrada is False and before:
        notes.append("The prescriber states that Lemtrada was never received; the record shows treatment (R1).")
    elif statement.received_lemtrada is False and _lemtrada_stated(statement) is None:
        notes.append("The prescriber states that Lemtrada was never received, and names it among the agents tried.")
    if _lemtrada_stated(statement) is True and not found and _never_reported(history):
        notes.append("The prescriber states that Lemtrada was received; it is reported that it never was (R1).")
    if any(one.status == "unknown" for one in found):
        notes.append("Of a reported course it is not known whether it was completed (R1, R3).")
    if any(_waits_for_a_person(history, dose) for dose in history.doses if dose.on <= as_of):
        notes.append("A second report of a dose is not counted, and waits for a person to decide (R25).")
    if _awaits_review(history, request, asked.aggressive_disease):
        notes.append("A document is attached that nobody of the plan has yet found to support its finding (R14).")
    notes += _notes_of_the_person(history, as_of)
    return Circumstances(
        diagnosis_codes=statement.diagnosis_codes,
        planned_first_infusion_on=request.planned_first_infusion_on if request is not None else None,
        rems_enrolled=statement.rems_enrolled,
        progressive_multifocal_leukoencephalopathy=statement.progressive_multifocal_leukoencephalopathy,
        campath_received=statement.campath_received,
        course_closed_unfinished=any(one.status == "closed" for one in found),
        course_short=any(one.status == "short" for one in found),
        stated_otherwise=tuple(notes),
        retrospective=request is not None and bool(request.retrospective_for),
        histories_linked=bool(history.linked),
    )


def _notes_of_the_person(history: PatientHistory, as_of: date) -> Iterator[str]:
    if history.deceased_on is not None and history.deceased_on.earliest <= as_of:
        yield "Her death is on record."


def _waits_for_a_person(history: PatientHistory, dose: Dose) -> bool:
    """A second report that nobody has decided, or whose first report is now a mistake, or of another day."""
    if dose.voided or dose.duplicate_of is None or dose.duplicate == "dismissed":
        return False
    first = history.dose(dose.duplicate_of)
    return dose.duplicate == "possible" or (first is not None and (first.voided or first.on != dose.on))


def _never_reported(history: PatientHistory) -> bool:
    return any(not report.courses and not report.voided for report in history.reports)


def _lemtrada_stated(statement: Statement) -> bool | None:
    """What the statement says of Lemtrada itself; None where it says nothing, or both yes and no."""
    named = any(recognise(one.product).brand == "lemtrada" for one in statement.agents)
    if not named:
        return statement.received_lemtrada
    return True if statement.received_lemtrada is not False else None


def _others(statement: Statement) -> Iterator[StatedAgent]:
    """The agents but Lemtrada itself, whose use the treatment facts already carry."""
    return (one for one in statement.agents if recognise(one.product).brand != "lemtrada")


def _documented(history: PatientHistory, request: Request) -> AggressiveDisease:
    """The stated signs; a document counts once a person of the plan has found that it supports the finding (R14)."""
    stated = request.statement.aggressive_disease
    return AggressiveDisease(
        **{name: _sign(history, request, name, getattr(stated, name)) for name in AggressiveDisease.model_fields}
    )


def _sign(history: PatientHistory, request: Request, name: str, sign: AggressiveSign) -> AggressiveSign:
    if _is_attested(history, request, name) or supporting(history, request.request_id, SIGNS[name]):
        return AggressiveSign(finding=sign.finding, documentation="attached")
    if sign.documentation == "attached":
        return AggressiveSign(finding=sign.finding, documentation="not_attached")
    return sign


def _is_attested(history: PatientHistory, request: Request, name: str) -> bool:
    """Somebody of the plan entered it as read, and not every document for it was voided or found not to support it."""
    clause = SIGNS[name]
    for_it = [
        one
        for one in history.documents
        if one.request_id == request.request_id and (one.is_meant_for(clause) or one.is_reviewed_for(clause))
    ]
    standing = [one for one in for_it if not one.voided and (one.supports(clause) or not one.is_reviewed_for(clause))]
    return name in request.attested and bool(standing or not for_it)


def supporting(history: PatientHistory, request_id: str, clause: str) -> bool:
    """Whether a document of this request was found to support the finding of the clause."""
    return any(one.request_id == request_id and one.supports(clause) for one in history.documents)


def _awaits_review(history: PatientHistory, request: Request | None, judged: AggressiveDisease) -> bool:
    """A document came, in the statement or by itself, for a sign that no document is found to support yet."""
    if request is None:
        return False
    stated = request.statement.aggressive_disease
    mine = [one for one in history.documents if one.request_id == request.request_id and not one.voided]
    return any(
        getattr(judged, name).documentation != "attached" and _is_to_be_read(mine, clause, getattr(stated, name))
        for name, clause in SIGNS.items()
    )


def _is_to_be_read(documents: list[DocumentOnRecord], clause: str, sign: AggressiveSign) -> bool:
    """What was stated to be attached is to be read until somebody has read a document of the record for it."""
    for_it = [one for one in documents if one.is_meant_for(clause) or one.is_reviewed_for(clause)]
    if any(not one.is_reviewed_for(clause) for one in for_it):
        return True
    if sign.documentation == "attached" and not for_it:
        return True
    # One that names no clause, and that nobody has read, may be the document for any sign that is asserted.
    return sign.finding is True and any(one.document.clause is None and not one.reviews for one in documents)


def _consulted(consultation: ConsultationGiven | None) -> Consultation | None:
    """Only a named consultation with a specialist counts (R19); one without a name is not known."""
    if consultation is None:
        return None
    needs_name = consultation.specialty in SPECIALISTS
    return consultation.specialty if consultation.name is not None or not needs_name else None
