"""Assesses a request from a patient's history: which facts, under which edition.

The prescriber states the clinical facts in the request. Earlier treatment and the birth date are from the record, if
the record has them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any, Final, Literal

from domain.events.requests import StatedAgent, Statement
from domain.facts import (
    AgentsTried,
    AgentTried,
    AggressiveDisease,
    AggressiveSign,
    Circumstances,
    Consultation,
    Facts,
    PriorTreatment,
    RequestedDosing,
    Specialty,
)
from domain.history.records import DocumentOnRecord, Dose, Request
from domain.history.state import PatientHistory
from domain.people import ConsultationGiven, Prescriber
from domain.policy.assessment import Assessment, assess
from domain.policy.criteria import SPECIALISTS
from domain.policy.edition import Edition
from domain.policy.editions import EDITIONS, edition_for, edition_of_request, has_edition
from domain.policy.treatment_standing import treatment_status
from domain.review.derivations import DERIVATIONS, CourseOnRecord
from domain.review.later_circumstances import (
    milligrams_in_progress,
    own_doses,
    retrospective_circumstances,
    with_later_circumstances,
    without_reports_of,
)
from domain.treatment.courses import courses

SIGNS: Final = {
    "rapid_deterioration": "1.A.iii.d(1)",
    "disabling_relapses": "1.A.iii.d(2)",
    "mri": "1.A.iii.d(3)",
    "cognitive_impairment": "1.A.iii.d(4)",
}
"""The signs of aggressive disease, each with the clause that requires a supporting document (R14)."""


@dataclass(frozen=True, slots=True)
class RequestAssessment:
    """An assessment, its digest, and the version of the history that was assessed."""

    assessment: Assessment
    digest: str
    history_version: int


def request_assessment(
    history: PatientHistory, request: Request | None, as_of: date, edition: Edition | None = None
) -> RequestAssessment:
    """Assess a request, or the history without a request, on a day.

    The default edition is the one in effect on the day of receipt, or on `as_of` without a request (R21). Raises
    EditionUnknown if no edition is known for that day.
    """
    in_effect = edition or (edition_of_request(request.received_on) if request is not None else edition_for(as_of))
    history = _record_under(in_effect, history)
    remaining = history
    if request is not None and (given := _given_before(history, request, in_effect)):
        # A retrospective request is about doses that were given already. They are not prior treatment.
        known = without_reports_of(history, given) if in_effect.facts_revision > 1 else history
        remaining = without_doses(known, given)
    further: dict[str, Any] = {}
    if request is not None and is_retrospective(request) and in_effect.facts_revision > 1:

        def facts_on(given_by: date, day: date) -> Facts:
            _, treatment = _treatment(remaining, request, given_by, in_effect)
            return _facts(remaining, treatment, request, day, in_effect)

        further = retrospective_circumstances(history, request, in_effect, facts_on)
    return _assessed(remaining, request, as_of, in_effect, further=further)


def assessment_if_any(history: PatientHistory, request: Request, as_of: date) -> RequestAssessment | None:
    """The assessment of a request on a day; None if the request was received before the first edition (R31)."""
    return request_assessment(history, request, as_of) if has_edition(request.received_on) else None


def _record_under(edition: Edition, history: PatientHistory) -> PatientHistory:
    """The history as facts are derived from it under this edition."""
    derived = DERIVATIONS[edition.facts_revision].record
    return derived(history) if derived is not None else history


def is_retrospective(request: Request) -> bool:
    """Whether the infusions were given, or had begun, before the request was received (R4)."""
    planned = request.planned_first_infusion_on
    return bool(request.retrospective_for) or (planned is not None and planned < request.received_on)


def _given_before(history: PatientHistory, request: Request, edition: Edition) -> tuple[str, ...]:
    """The ids of the doses of a retrospective request. Under revision 1, only the doses that the request names."""
    if edition.facts_revision == 1 or not is_retrospective(request):
        return request.retrospective_for
    return own_doses(history, request)


def extension_assessment(
    history: PatientHistory, request: Request, given: Collection[str], as_of: date, edition: Edition | None = None
) -> RequestAssessment:
    """Assess a request again to extend its approval. The doses `given` under it are not prior treatment (R10).

    The default edition is the one in effect on the day of receipt.
    """
    in_effect = edition or edition_of_request(request.received_on)
    history = _record_under(in_effect, history)
    remaining = without_doses(history, (*request.retrospective_for, *given))
    further: Mapping[str, Any] = {}
    if in_effect.facts_revision > 1:
        further = milligrams_in_progress(history, courses(remaining, as_of), as_of)
    return _assessed(remaining, request, as_of, in_effect, further=further)


def without_doses(history: PatientHistory, dose_ids: Collection[str]) -> PatientHistory:
    """The history as if these doses, and the completion or closing of their courses, were not on record."""
    changed_courses = {dose.course for dose in history.doses if dose.dose_id in dose_ids}
    return replace(
        history,
        doses=tuple(dose for dose in history.doses if dose.dose_id not in dose_ids),
        marks=tuple((course, marks) for course, marks in history.marks if course not in changed_courses),
    )


def next_request_assessment(
    history: PatientHistory,
    latest: Request | None,
    as_of: date,
    dosing: RequestedDosing,
    edition: Edition | None = None,
) -> RequestAssessment:
    """Assess a new request with the statement of the latest one and with this dosing.

    The default edition is the one in effect on the day `as_of`.
    """
    stated = replace(latest, planned_first_infusion_on=None, retrospective_for=()) if latest is not None else None
    in_effect = edition or edition_for(as_of)
    return _assessed(_record_under(in_effect, history), stated, as_of, in_effect, dosing=dosing)


def _assessed(
    history: PatientHistory,
    request: Request | None,
    as_of: date,
    edition: Edition,
    *,
    dosing: RequestedDosing | None = None,
    further: Mapping[str, Any] = MappingProxyType({}),
) -> RequestAssessment:
    """`dosing` replaces the requested one. `further` are circumstances besides those that follow from the history."""
    patient_courses, treatment = _treatment(history, request, as_of, edition)
    facts_assessed = _facts(history, treatment, request, as_of, edition)
    if dosing is not None:
        facts_assessed = facts_assessed.model_copy(update={"requested_dosing": dosing})
    found = circumstances(history, patient_courses, request, facts_assessed, as_of, edition)
    if edition.facts_revision > 1 and (further or patient_courses or history.linked or history.deceased_on):
        found = with_later_circumstances(found, history, courses(history, as_of), as_of, further)
    assessment = assess(facts_assessed, as_of, edition, found)
    return RequestAssessment(assessment, assessment.digest(), history.version)


def path_on_record(history: PatientHistory, request: Request | None, as_of: date) -> Literal["A", "B"] | None:
    """The path that the history decides on a day, under any edition (R1). None: not known."""
    newest = EDITIONS[0]
    _, treatment = _treatment(history, request, as_of, newest)
    found = _facts(history, treatment, request, as_of, newest)
    return treatment_status(found, as_of, newest.parameters.years_between_courses, newest.recognize).path


def _treatment(
    history: PatientHistory, request: Request | None, as_of: date, edition: Edition
) -> tuple[Sequence[CourseOnRecord], PriorTreatment]:
    """The courses by the end of the day, and the treatment facts, as the edition's revision derives them."""
    stated = _lemtrada_stated(request.statement, edition) if request is not None else None
    if not history.doses and not history.reports:
        return (), PriorTreatment.without_record(stated)
    stated_on = request.received_on if request is not None else None
    derivation = DERIVATIONS[edition.facts_revision]
    return derivation.treatment(history, as_of, _never_reported(history), stated, stated_on)


def _facts(
    history: PatientHistory, treatment: PriorTreatment, request: Request | None, as_of: date, edition: Edition
) -> Facts:
    """The facts to assess: from the record if the plan knows them itself, else from the prescriber's statement."""
    statement = request.statement if request is not None else Statement()
    derivation, continues = DERIVATIONS[edition.facts_revision], None
    not_recognized: tuple[str, ...] = ()
    if request is not None:
        continues = derivation.other_agent_continues(history, request, as_of, edition)
    if request is not None and continues is None:
        not_recognized = derivation.agents_not_recognized(history, request, as_of, edition)
    return Facts(
        birth_date=history.birth_date or statement.birth_date,
        diagnosis=statement.diagnosis,
        ms_form=statement.ms_form,
        prior_treatment=treatment,
        agents=AgentsTried(
            list_is_complete=statement.agents_list_is_complete,
            tried=tuple(
                AgentTried(product=one.product, outcome=one.outcome)
                for one in _agents_except_lemtrada(statement, edition)
            ),
        ),
        aggressive_disease=_signs_with_documents(history, request) if request is not None else AggressiveDisease(),
        prescriber_specialty=assessed_specialty(request.prescriber) if request is not None else None,
        consulted_specialty=_consulted(request.consultation) if request is not None else None,
        response=statement.response,
        hiv_infection=statement.hiv_infection,
        other_dmt_continues=continues,
        other_dmt_not_recognized=not_recognized,
        active_infection=statement.active_infection,
        hypersensitivity=statement.hypersensitivity,
        requested_dosing=statement.requested_dosing,
    )


def circumstances(
    history: PatientHistory,
    patient_courses: Sequence[CourseOnRecord],
    request: Request | None,
    facts_assessed: Facts,
    as_of: date,
    edition: Edition,
) -> Circumstances:
    """The circumstances to show alongside the assessed facts.

    The notes are part of the assessment digest and never change; `STATED_OTHERWISE` has the sentences to display.
    """
    statement = request.statement if request is not None else Statement()
    notes = []
    before = [one for one in patient_courses if request is not None and one.begun_on < request.received_on]
    if statement.received_lemtrada is False and before:
        notes.append("The prescriber states that Lemtrada was never received; the record shows treatment (R1).")
    elif statement.received_lemtrada is False and _lemtrada_stated(statement, edition) is None:
        notes.append("The prescriber states that Lemtrada was never received, and names it among the agents tried.")
    if _lemtrada_stated(statement, edition) is True and not patient_courses and _never_reported(history):
        notes.append("The prescriber states that Lemtrada was received; it is reported that it never was (R1).")
    if any(one.status == "unknown" for one in patient_courses):
        notes.append("Of a reported course it is not known whether it was completed (R1, R3).")
    needs_decision = _needs_duplicate_decision if edition.facts_revision > 1 else _needs_duplicate_decision_revision_1
    if any(needs_decision(history, dose) for dose in history.doses if dose.on <= as_of):
        notes.append("A second report of a dose is not counted, and waits for a person to decide (R25).")
    if _awaits_review(history, request, facts_assessed.aggressive_disease):
        notes.append("A document is attached that nobody of the plan has yet found to support its finding (R14).")
    notes += _notes_about_the_patient(history, as_of)
    return Circumstances(
        diagnosis_codes=statement.diagnosis_codes,
        planned_first_infusion_on=request.planned_first_infusion_on if request is not None else None,
        rems_enrolled=statement.rems_enrolled,
        progressive_multifocal_leukoencephalopathy=statement.progressive_multifocal_leukoencephalopathy,
        campath_received=statement.campath_received,
        course_closed_unfinished=any(one.status == "closed" for one in patient_courses),
        course_short=any(one.status == "short" for one in patient_courses),
        stated_otherwise=tuple(notes),
        retrospective=request is not None and bool(request.retrospective_for),
        histories_linked=bool(history.linked),
    )


def _notes_about_the_patient(history: PatientHistory, as_of: date) -> Iterator[str]:
    if history.deceased_on is not None and history.deceased_on.earliest <= as_of:
        yield "Her death is on record."


def _needs_duplicate_decision(_: PatientHistory, dose: Dose) -> bool:
    """Whether a second entry waits for a person, or was found to be of an entry that has another day now (R25)."""
    return dose.waits or (dose.stands and dose.is_uncertain and dose.duplicate_of is not None)


def _needs_duplicate_decision_revision_1(history: PatientHistory, dose: Dose) -> bool:
    """Whether a possible duplicate needs a decision.

    A confirmed duplicate needs a new decision if the first report was voided or now has another day.
    """
    if dose.voided or dose.duplicate_of is None or dose.duplicate == "dismissed":
        return False
    first = history.dose(dose.duplicate_of)
    return dose.duplicate == "possible" or (first is not None and (first.voided or first.on != dose.on))


def _never_reported(history: PatientHistory) -> bool:
    return any(not report.courses and not report.voided for report in history.reports)


def _lemtrada_stated(statement: Statement, edition: Edition) -> bool | None:
    """Whether the prescriber states that Lemtrada was received. None: not stated, or contradictory."""
    named = any(edition.recognize(one.product).brand == "lemtrada" for one in statement.agents)
    if not named:
        return statement.received_lemtrada
    return True if statement.received_lemtrada is not False else None


def _agents_except_lemtrada(statement: Statement, edition: Edition) -> Iterator[StatedAgent]:
    """The stated agents except Lemtrada, which is part of the treatment facts."""
    return (one for one in statement.agents if edition.recognize(one.product).brand != "lemtrada")


def _signs_with_documents(history: PatientHistory, request: Request) -> AggressiveDisease:
    """The stated signs. A document counts only if a reviewer of the plan found that it supports the finding (R14)."""
    stated = request.statement.aggressive_disease
    return AggressiveDisease(
        **{
            name: _sign_with_document(history, request, name, getattr(stated, name))
            for name in AggressiveDisease.model_fields
        }
    )


def _sign_with_document(history: PatientHistory, request: Request, name: str, sign: AggressiveSign) -> AggressiveSign:
    if _is_attested(history, request, name) or supporting(history, request.request_id, SIGNS[name]):
        return AggressiveSign(finding=sign.finding, documentation="attached")
    if sign.documentation == "attached":
        return AggressiveSign(finding=sign.finding, documentation="not_attached")
    return sign


def _is_attested(history: PatientHistory, request: Request, name: str) -> bool:
    """Whether a reviewer recorded the supporting document of this sign as read, and that is still valid.

    It is not valid if every document for the sign was voided or was found not to support it.
    """
    clause = SIGNS[name]
    for_clause = [
        one
        for one in history.documents
        if one.request_id == request.request_id and (one.is_meant_for(clause) or one.is_reviewed_for(clause))
    ]
    valid = [one for one in for_clause if not one.voided and (one.supports(clause) or not one.is_reviewed_for(clause))]
    return name in request.attested and bool(valid or not for_clause)


def supporting(history: PatientHistory, request_id: str, clause: str) -> bool:
    """Whether a reviewer found that a document of this request supports the finding of the clause."""
    return any(one.request_id == request_id and one.supports(clause) for one in history.documents)


def _awaits_review(history: PatientHistory, request: Request | None, signs: AggressiveDisease) -> bool:
    """Whether an unreviewed document may support a sign that no document supports yet.

    The document was stated to be attached, or it is on record.
    """
    if request is None:
        return False
    stated = request.statement.aggressive_disease
    on_record = [one for one in history.documents if one.request_id == request.request_id and not one.voided]
    return any(
        getattr(signs, name).documentation != "attached" and _needs_review(on_record, clause, getattr(stated, name))
        for name, clause in SIGNS.items()
    )


def _needs_review(documents: list[DocumentOnRecord], clause: str, sign: AggressiveSign) -> bool:
    """Whether a document for the clause still needs a review.

    A document that is only stated to be attached needs one until a document on record was reviewed for the clause.
    """
    for_clause = [one for one in documents if one.is_meant_for(clause) or one.is_reviewed_for(clause)]
    if any(not one.is_reviewed_for(clause) for one in for_clause):
        return True
    if sign.documentation == "attached" and not for_clause:
        return True
    # A document without a clause and without a review may support any sign that is stated.
    return sign.finding is True and any(one.document.clause is None and not one.reviews for one in documents)


def assessed_specialty(prescriber: Prescriber) -> Specialty | None:
    """The specialty for the assessment: `other` if the prescriber is not a physician (R19)."""
    if prescriber.credential == "physician" or prescriber.specialty is None:
        return prescriber.specialty
    return "other"


def _consulted(consultation: ConsultationGiven | None) -> Consultation | None:
    """The consultation for the assessment (R19). A consultation with an unnamed specialist is not known (None)."""
    if consultation is None:
        return None
    needs_name = consultation.specialty in SPECIALISTS
    return consultation.specialty if consultation.name is not None or not needs_name else None
