"""The forms of the patient page for facts and corrections: what each can be used for now, or why the user may not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from api.pages.form_commands import FormCommand, SentForm
from api.pages.forms import InvalidForm, read
from api.routes.patients import FindBody
from domain.commands import Command, patient, treatment
from domain.commands.context import Occasion
from domain.decisions.may import CommandSubject, may
from domain.errors import Conflict, LedgerError, NotFound
from domain.history.records import Dose
from domain.history.state import PatientHistory
from domain.permissions.commands import refusal_of_role
from domain.treatment.after_death import doses_after_death
from domain.treatment.courses import courses
from domain.treatment.dose_entries import entries_to_settle, may_state_days


def _patient(_: PatientHistory) -> Sequence[CommandSubject]:
    return (None,)


def _members(history: PatientHistory) -> Sequence[CommandSubject]:
    return history.members


def _doses(history: PatientHistory) -> Sequence[CommandSubject]:
    return [dose.dose_id for dose in history.doses if not dose.voided]


def _second_reports(history: PatientHistory) -> Sequence[CommandSubject]:
    return [dose.dose_id for dose in entries_to_settle(history) if dose.waits or _is_asked_again(dose)]


def _is_asked_again(dose: Dose) -> bool:
    """Whether the entry was found to be of an entry that has another day now."""
    return dose.is_uncertain and dose.facts.claim_voided is None


def _claim_lines(history: PatientHistory) -> Sequence[CommandSubject]:
    return [dose.dose_id for dose in history.doses if may_state_days(history, dose)]


def _voided_claims(history: PatientHistory) -> Sequence[CommandSubject]:
    return [dose.dose_id for dose in history.doses if dose.facts.claim_voided is not None]


def _doses_to_review(history: PatientHistory) -> Sequence[CommandSubject]:
    return [dose.dose_id for dose in doses_after_death(history)]


def _agents(history: PatientHistory) -> Sequence[CommandSubject]:
    return [one.entry_id for one in history.agents if not one.voided]


def _reports(history: PatientHistory) -> Sequence[CommandSubject]:
    return [report.report_id for report in history.reports if not report.voided]


def _linked(history: PatientHistory) -> Sequence[CommandSubject]:
    return history.linked


def _courses(history: PatientHistory) -> Sequence[CommandSubject]:
    return [course.number for course in courses(history)]


@dataclass(frozen=True, slots=True)
class PatientAct:
    """A form of the patient page. `subjects` returns what the form can be about: doses, reports, or courses."""

    name: str
    label: str
    command: type[Command]
    subjects: Callable[[PatientHistory], Sequence[CommandSubject]] = _patient


@dataclass(frozen=True, slots=True)
class OfferedForm:
    """What a form can be used for now, or why the user may not use it."""

    subjects: tuple[CommandSubject, ...]
    refusal: LedgerError | None


NOTHING_ON_RECORD: Final = Conflict("nothing on record can be changed with this form", remedy="record it first")


FIRST: Final = (
    PatientAct("dose", "Record a dose", treatment.RecordDose),
    PatientAct("prior-treatment", "Report treatment from elsewhere", treatment.ReportPriorTreatment),
    PatientAct("confirm-treatment", "Confirm the treatment on record", treatment.ReportPriorTreatment),
)
ON_A_DOSE: Final = (
    PatientAct("correct-dose", "Correct a dose", treatment.CorrectDose, _doses),
    PatientAct("void-dose", "Void a dose", treatment.VoidDose, _doses),
    PatientAct("review-dose", "Record the review of a dose after death", treatment.ReviewDose, _doses_to_review),
    PatientAct("confirm-duplicate", "A second report is of the same dose", treatment.ConfirmDuplicate, _second_reports),
    PatientAct(
        "dismiss-duplicate", "A second report is of a dose of its own", treatment.DismissDuplicate, _second_reports
    ),
    PatientAct("part-of-dose", "A second entry is part of the same dose", treatment.ConfirmPartOfDose, _second_reports),
    PatientAct("dose-days", "State the infusion days of a claim line", treatment.StateDoseDays, _claim_lines),
    PatientAct(
        "settle-claim", "State whether a voided claim's infusion was given", treatment.SettleVoidedClaim, _voided_claims
    ),
)
ON_A_REPORT: Final = (
    PatientAct("attribute-report", "State which doses a report is about", treatment.AttributeReport, _reports),
    PatientAct("correct-report", "Correct a report", treatment.CorrectPriorTreatment, _reports),
    PatientAct("void-report", "Void a report", treatment.VoidPriorTreatment, _reports),
)
ON_AN_AGENT: Final = (PatientAct("void-agent", "Void an entry of another agent", patient.VoidAgentEntry, _agents),)
ON_A_CLAIM: Final = (PatientAct("claim-line", "Record a replacement, a void or a denied line", treatment.RecordClaim),)
MORE: Final = (
    PatientAct("close-course", "Close a course that will not be finished", treatment.CloseCourse, _courses),
    PatientAct("agent-started", "Another agent was started", patient.RecordAgentStarted),
    PatientAct("agent-stopped", "Another agent was stopped", patient.RecordAgentStopped),
    PatientAct("line-of-business", "Coverage changed", patient.ChangeLineOfBusiness),
    PatientAct("representative", "Name a representative", patient.NameRepresentative),
    PatientAct("demographics", "Correct name or birth date", patient.CorrectDemographics),
    PatientAct("add-member", "Add a member ID", patient.AddMemberIdentifier),
    PatientAct("retire-member", "Retire a member ID", patient.RetireMemberIdentifier, _members),
    PatientAct("link-history", "Link with another record of the same person", patient.LinkHistories),
    PatientAct("unlink-history", "Undo a link with another record", patient.UnlinkHistories, _linked),
    PatientAct("death", "Record a death", patient.RecordDeath),
)
ACTS: Final = (*FIRST, *ON_A_CLAIM, *ON_A_DOSE, *ON_A_REPORT, *ON_AN_AGENT, *MORE)


def _none_elsewhere(sent: SentForm, _: UUID) -> Mapping[str, Any]:
    return {"courses": []} if sent.form.text("none") == "true" else {}


def _patient_of_member(sent: SentForm, _: UUID) -> Mapping[str, Any]:
    """The other patient of a link, whom the form names by a member ID. The search is an access."""
    access = sent.commanding.access()
    if (refusal := refusal_of_role(access.actor, patient.LinkHistories)) is not None:
        raise refusal
    member = read(FindBody, sent.form, access.zone).member
    try:
        with access.found(member) as history:
            return {"other_patient_id": str(history.patient_id)}
    except NotFound:
        raise InvalidForm({"member.member_id": "no patient has this member ID; compare it with the card"}) from None


FORMS: Final[dict[str, FormCommand]] = {
    **{act.name: FormCommand(act.command) for act in ACTS},
    "prior-treatment": FormCommand(treatment.ReportPriorTreatment, _none_elsewhere),
    "link-history": FormCommand(patient.LinkHistories, _patient_of_member),
}


def offered_forms(history: PatientHistory, occasion: Occasion) -> dict[str, OfferedForm]:
    """Each form, by name: what the domain would accept it for now, or the refusal in the domain's words."""
    return {act.name: _offered(act, history, occasion) for act in ACTS}


def _offered(act: PatientAct, history: PatientHistory, occasion: Occasion) -> OfferedForm:
    if (refusal := refusal_of_role(occasion.actor, act.command)) is not None:
        return OfferedForm((), refusal)
    answers = [(subject, may(history, occasion, act.command, subject)) for subject in act.subjects(history)]
    possible = tuple(subject for subject, refusal in answers if refusal is None)
    if possible:
        return OfferedForm(possible, None)
    return OfferedForm((), answers[-1][1] if answers else NOTHING_ON_RECORD)
