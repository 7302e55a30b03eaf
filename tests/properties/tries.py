"""Every command tried on random histories: what it can be about, and terms for it, the first of them sensible."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, Final
from uuid import UUID

from hypothesis import strategies as st

from domain.commands import COMMANDS, Command, appeals, determinations, patient, requests, treatment
from domain.commands.context import CommandContext
from domain.decisions.approval_changes import assessment_to_extend
from domain.decisions.may import CommandSubject
from domain.decisions.preconditions import Assigning
from domain.errors import LedgerError
from domain.events.patient import Member
from domain.history.state import PatientHistory
from domain.people import Actor
from domain.review.assess_request import request_assessment
from tests import story
from tests.story import MEETS_A, MEETS_B, NEVER_SEEN, Scenario, Step, given

Terms = dict[str, Any]

ACTORS: Final = (
    story.NURSE, story.PHYSICIAN, story.SECOND_PHYSICIAN, story.PHARMACIST, story.NEUROLOGIST, story.BELOW_THE_DENIER,
    story.OFFICE, story.CLAIMS, story.AUDITOR,
    story.PHYSICIAN.model_copy(update={"credential": "nurse"}),
)  # fmt: skip

# -- what happened before -----------------------------------------------------------------------

NO_DOSING: Final = {name: value for name, value in MEETS_A.items() if name != "agents"}


def _at(scenario: Scenario) -> str:
    return datetime.combine(scenario.today, time(8), UTC).isoformat()


STEPS: Final[tuple[Callable[[Scenario], Step], ...]] = (
    lambda _: story.submitted(),
    lambda _: story.submitted(),
    lambda _: story.submitted(MEETS_A | {"hiv_infection": True}),
    lambda _: story.submitted(MEETS_B, urgency="urgent"),
    lambda _: story.submitted(NO_DOSING),
    lambda _: story.submitted().imported(),
    lambda at: story.submitted_for(len(at.known.doses)),
    lambda _: story.submitted_for(1),
    lambda _: story.approved(),
    lambda _: story.approved_by_clinician(doses=2, left_out="The rest."),
    lambda _: story.denied("1.A.i", "NR.3"),
    lambda _: story.denied("1.A.i", "NR.3"),
    lambda _: story.referred(),
    lambda at: story.past_determination("denied", at.today.isoformat()),
    lambda _: story.rescinded(),
    lambda _: story.extended(),
    lambda _: story.reopened(),
    lambda _: story.withdrawn(),
    lambda _: story.dismissed(),
    lambda _: story.assigned(story.NURSE),
    lambda _: story.released(),
    lambda _: story.information_requested(),
    lambda at: story.supplied({"hiv_infection": False}, story.sent(f"MRI {at.commands}", story.MRI)),
    lambda _: story.document_voided(1),
    lambda _: story.statement_corrected(MEETS_A),
    lambda at: story.receipt_corrected("", received_at=_at(at)),
    lambda at: story.expedited(_at(at)),
    lambda at: story.expediting_refused(_at(at)),
    lambda _: story.clock_extended(),
    lambda at: story.noticed("denial", at.moment(story.NURSE).at.isoformat()),
    lambda at: story.delivered(at.moment(story.NURSE).at.isoformat()),
    lambda at: story.appealed(at.today.isoformat()),
    lambda at: story.appealed(at.today.isoformat()),
    lambda _: story.appeal_assigned(story.NEUROLOGIST),
    lambda _: story.upheld("1.A.i", "NR.3"),
    lambda _: story.overturned(),
    lambda _: story.appeal_withdrawn(),
    lambda _: story.handed_on(),
    lambda _: story.answered("upheld"),
    lambda at: story.dose(at.today.isoformat()),
    lambda at: story.dose(at.today.isoformat()),
    lambda at: story.dose(at.today.isoformat(), source="claim", mg=11),
    lambda at: story.dose(at.today.isoformat(), source="claim", mg=24),
    lambda at: story.claim_line("void", at.today.isoformat()),
    lambda at: story.claim_line("replacement", at.today.isoformat(), 24),
    lambda _: story.claim_settled(1, "not_given"),
    lambda _: story.days_stated(1, 2),
    lambda _: story.part_of_dose(2),
    lambda _: story.confirmed_duplicate(2),
    lambda _: story.dismissed_duplicate(2),
    lambda _: story.voided(1),
    lambda _: story.reported({"last_dose_on": "2023-12", "completed": False}),
    lambda _: story.report_voided(1),
    lambda _: story.reported({"last_dose_on": "2023-12", "completed": True}),
    lambda _: story.attributed(1, "our_doses"),
    lambda _: story.dose_reviewed(1),
    lambda _: story.approval_confirmed(),
    lambda _: story.closed(1),
    lambda _: story.identifier_added("SYN-2"),
    lambda _: story.linked(),
    lambda _: story.died("2026-01"),
    lambda _: story.agent_started("Ocrevus", "2026-01"),
    lambda _: story.agent_entry_voided(1),
)


BEGINNINGS: Final[tuple[tuple[Step, ...], ...]] = (
    (),
    (story.submitted({}),),
    (story.approved(),),
    (story.denied("1.A.i"), story.appealed("2026-01-12")),
    (story.denied("1.A.i"), story.appealed("2026-01-12"), story.upheld("1.A.i"), story.handed_on()),
    (story.denied("1.A.i"), story.noticed("denial", "2026-01-12T15:30:00Z")),
    (story.denied("1.A.i"), story.appealed("2026-01-12"), story.upheld("1.A.i")),
    (story.submitted({}), story.assigned(story.NURSE), story.information_requested()),
    (story.submitted({}), story.information_requested(), story.supplied({}, story.sent("MRI", story.MRI))),
    (story.dose("2026-01-11"), story.dose("2026-01-11", source="claim", mg=11)),
    (story.dose("2026-01-11", source="claim", mg=24), story.claim_line("void", "2026-01-11")),
    (story.dose("2026-01-11"), story.submitted_for(1), story.denied("1.A.i"), story.appealed("2026-01-12")),
    (story.submitted().imported(), story.reported({"last_dose_on": "2023-12", "completed": False})),
    (story.identifier_added("SYN-2"), story.linked(), story.died("2026-01"), story.dose("2026-01-11")),
    (story.approved(), story.reported({"doses_given": 5, "last_dose_on": "2023-12", "completed": True})),
    (story.identifier_added("SYN-2"), story.linked(), story.died("2026-01"), story.agent_started("Ocrevus", "2026")),
)


@dataclass(frozen=True)
class Happening:
    """A step, some days after the one before, perhaps by somebody else than usual."""

    number: int
    after: int
    by: Actor | None


@dataclass(frozen=True)
class Past:
    """How it began, and what happened since."""

    beginning: int
    since: list[Happening]


happenings = st.builds(
    Happening,
    st.integers(0, len(STEPS) - 1),
    st.sampled_from([0, 0, 0, 1, 5, 16, 31]),
    st.sampled_from([None, None, None, *ACTORS[:5]]),
)
pasts = st.builds(Past, st.integers(0, len(BEGINNINGS) - 1), st.lists(happenings, max_size=16))


def happened(past: Past) -> Scenario:
    """The history of this past; what is refused leaves nothing behind."""
    scenario = given(story.submitted(), *BEGINNINGS[past.beginning], today="2026-01-12")
    for one in past.since:
        scenario.today = scenario.today.fromordinal(scenario.today.toordinal() + one.after)
        with suppress(LedgerError, IndexError):
            step = STEPS[one.number](scenario)
            scenario.and_given(step if one.by is None else step.by(one.by))
    return scenario


# -- what a command is about --------------------------------------------------------------------

_NAMES: Final = (
    "request_id", "appeal_id", "dose_id", "report_id", "agent_entry_id", "document_id", "notice_id", "course",
    "other_patient_id", "member",
)  # fmt: skip


def subject_field(kind: type[Command]) -> str | None:
    """The field of what the command is about; a member's history is opened for nobody who is known."""
    if kind is patient.OpenHistory:
        return None
    return next((name for name in _NAMES if name in kind.model_fields and kind.model_fields[name].is_required()), None)


def subjects(kind: type[Command], history: PatientHistory, actor: Actor) -> list[CommandSubject]:
    """Everything of the history that the command can be about, and something that is not in it."""
    found: dict[str | None, list[Any]] = {
        None: [None],
        "request_id": [one.request_id for one in history.requests] + [f"{history.patient_id}.r99"],
        "appeal_id": [one.appeal_id for one in history.appeals] + [f"{history.patient_id}.a99"],
        "dose_id": [one.dose_id for one in history.doses] + [f"{history.patient_id}.d99"],
        "agent_entry_id": [one.entry_id for one in history.agents] + [f"{history.patient_id}.g99"],
        "report_id": [one.report_id for one in history.reports] + [f"{history.patient_id}.t99"],
        "document_id": [one.document.document_id for one in history.documents] + [f"{history.patient_id}.f99"],
        "notice_id": [one.notice_id for one in history.notices] + [f"{history.patient_id}.n99"],
        "course": [1, 2, 9],
        "other_patient_id": [story.TWIN, history.patient_id, UUID(int=9)],
        "member": [*history.members, Member(member_id="SYN-9")],
    }
    about = found[subject_field(kind)]
    if kind not in (requests.AssignRequest, appeals.AssignAppeal):
        return about
    return [Assigning(one, to) for one in about for to in (actor, story.NURSE, story.NEUROLOGIST, story.OFFICE)]


# -- terms --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Now:
    """What sensible terms are made of."""

    history: PatientHistory
    subject: CommandSubject
    moment: CommandContext

    @property
    def at(self) -> str:
        return self.moment.at.isoformat()

    @property
    def today(self) -> str:
        return self.moment.today.isoformat()

    @property
    def digest(self) -> str:
        """Of the assessment of now, where there is one."""
        appeal = self.history.appeal(str(self.subject))
        request = self.history.request(appeal.request_id if appeal is not None else str(self.subject))
        with suppress(LedgerError):
            return request_assessment(self.history, request, self.moment.today).digest
        return NEVER_SEEN

    @property
    def digest_to_extend(self) -> str:
        with suppress(LedgerError):
            return assessment_to_extend(self.history, str(self.subject), self.moment.today).digest
        return NEVER_SEEN


LONG_AGO: Final = "2020-01-01T12:00:00Z"
REASON: Final[Terms] = {"reason": "It was entered by mistake."}
_TERMS: Final[dict[type[Command], Callable[[Now], tuple[Terms, ...]]]] = {
    patient.OpenHistory: lambda now: (
        {"member": {"member_id": "SYN-0001"}, "name": now.history.name, "birth_date": now.history.birth_date},
    ),
    patient.CorrectDemographics: lambda _: (REASON | {"name": "Berta Synthetic"}, REASON),
    patient.AddMemberIdentifier: lambda _: ({},),
    patient.RetireMemberIdentifier: lambda _: (REASON,),
    patient.LinkHistories: lambda _: (REASON,),
    patient.UnlinkHistories: lambda _: (REASON,),
    patient.ChangeLineOfBusiness: lambda now: ({"on": now.today, "line_of_business": "medicaid"},),
    patient.NameRepresentative: lambda now: (
        {"name": "Berta Synthetic", "relationship": "appointed", "on": now.today},
        {"name": "Berta Synthetic", "relationship": "appointed", "on": now.today, "through": "2020-01-01"},
    ),
    patient.RecordDeath: lambda now: ({"on": now.today, "source": "Letter."}, {"on": "2099", "source": "Letter."}),
    patient.VoidDeathRecord: lambda _: (REASON,),
    patient.RecordAgentStarted: lambda now: ({"product": "Ocrevus", "on": now.today, "source": "Claim."},),
    patient.RecordAgentStopped: lambda now: ({"product": "Lemtrada", "on": now.today, "source": "Claim."},),
    patient.VoidAgentEntry: lambda _: (REASON,),
    treatment.ReportPriorTreatment: lambda _: ({"source": "attested", "courses": []},),
    treatment.CorrectPriorTreatment: lambda _: (REASON | {"courses": [{"last_dose_on": "2024-05"}]},),
    treatment.VoidPriorTreatment: lambda _: (REASON,),
    treatment.AttributeReport: lambda _: (REASON | {"tells_of": "other_doses"}, REASON | {"tells_of": "our_doses"}),
    treatment.RecordDose: lambda now: (
        {"on": now.today, "mg": 12, "source": "claim", "source_reference": "NEW"},
        {"on": "2099-01-01", "mg": 12, "source": "claim", "source_reference": "NEW"},
    ),
    treatment.RecordClaim: lambda now: (
        {"line": "denied", "on": now.today, "source_reference": "NEW"},
        {"line": "replacement", "on": now.today, "mg": 6, "source_reference": "NEW"},
        {"line": "void", "source_reference": "NEW"},
    ),
    treatment.ConfirmPartOfDose: lambda _: (REASON,),
    treatment.StateDoseDays: lambda _: (REASON | {"days": 2}, REASON | {"days": 1}, REASON | {"days": 83}),
    treatment.SettleVoidedClaim: lambda _: (
        REASON | {"finding": "not_given"},
        REASON | {"finding": "billed_elsewhere"},
    ),
    treatment.CorrectDose: lambda now: (REASON | {"mg": 10}, REASON, REASON | {"on": "2099-01-01"}),
    treatment.ConfirmDuplicate: lambda _: (REASON,),
    treatment.DismissDuplicate: lambda _: (REASON,),
    treatment.VoidDose: lambda _: (REASON,),
    treatment.ReviewDose: lambda _: (REASON,),
    treatment.CloseCourse: lambda _: (REASON,),
    requests.SubmitRequest: lambda now: (
        {
            "received_at": now.at,
            "line_of_business": "commercial",
            "prescriber": {"name": "Nora Neuro"},
            "statement": MEETS_A,
        },
    ),
    requests.RequestInformation: lambda now: (
        {"assessment_digest": now.digest},
        {"assessment_digest": now.digest, "answer_by": now.at},
    ),
    requests.SupplyInformation: lambda now: (
        {"received_at": now.at, "statement": {"rems_enrolled": True}},
        {"received_at": LONG_AGO},
    ),
    requests.CorrectReceipt: lambda now: (
        REASON | {"received_at": LONG_AGO, "receipt_source": "fax"},
        REASON | {"received_at": "2099-01-01T09:00:00Z", "receipt_source": "fax"},
    ),
    requests.CorrectStatement: lambda _: (REASON | {"statement": {"rems_enrolled": True}},),
    requests.ReviewDocument: lambda _: ({"clause": story.MRI, "supports": True}, {"clause": "9.Z", "supports": True}),
    requests.CorrectDocument: lambda _: (REASON | {"name": "Another name"}, REASON),
    requests.VoidDocument: lambda _: (REASON,),
    requests.SendReminder: lambda _: ({"channel": "fax"},),
    requests.ChangePlannedInfusion: lambda _: (
        {"planned_first_infusion_on": None, "planned_site": "Infusion Center East"},
        {"planned_first_infusion_on": None, "planned_site": None},
    ),
    requests.ChangePrescriber: lambda _: ({"prescriber": {"name": "Nils Neuro"}},),
    requests.AssignRequest: lambda _: ({},),
    requests.ReleaseRequest: lambda _: ({},),
    requests.WithdrawRequest: lambda _: (REASON | {"by": "Nora Neuro"},),
    requests.DismissRequest: lambda _: (REASON | {"ground": "improperly_filed"}, REASON | {"ground": "duplicate"}),
    requests.ReopenRequest: lambda _: (REASON,),
    requests.OfferPeerToPeer: lambda _: ({}, {"until": "2020-01-01"}),
    requests.HoldPeerToPeer: lambda _: (
        {"with_whom": "Nora Neuro", "outcome": "Talked."},
        {"with_whom": "Nora Neuro", "outcome": "Talked.", "on": "2020-01-01"},
    ),
    requests.ExpediteRequest: lambda now: (
        REASON | {"asked_at": now.at},
        REASON | {"asked_at": LONG_AGO},
    ),
    requests.RefuseExpediting: lambda now: (
        REASON | {"asked_at": now.at},
        REASON | {"asked_at": LONG_AGO},
    ),
    requests.ExtendClock: lambda _: (REASON | {"notice": "Later."}, REASON | {"notice": "Later.", "days": 60}),
    requests.IssueNotice: lambda now: (
        {"kind": "denial", "channel": "mail", "addressee": "All", "issued_at": now.at},
        {"kind": "appeal_decision", "channel": "mail", "addressee": "All", "issued_at": now.at},
    ),
    requests.RecordDelivery: lambda now: ({"delivered_at": now.at}, {"delivered_at": LONG_AGO}),
    determinations.ApproveCourse: lambda now: (
        {"assessment_digest": now.digest, "rationale": "It is right."},
        {"assessment_digest": now.digest},
        {"assessment_digest": now.digest, "doses": 1, "left_out": "The rest.", "citing": ["Dosing.A"]},
        {"assessment_digest": now.digest, "doses": 5, "path": "B"},
    ),
    determinations.DenyRequest: lambda now: (
        {"assessment_digest": now.digest, "citing": ["1.A.i", "NR.3"], "rationale": "No."},
        {"assessment_digest": now.digest, "citing": ["9.Z"], "rationale": "No."},
    ),
    determinations.ReferRequest: lambda now: ({"assessment_digest": now.digest},),
    determinations.ExtendApproval: lambda now: ({"assessment_digest": now.digest_to_extend},),
    determinations.RescindApproval: lambda _: (REASON | {"ground": "safety"},),
    determinations.ConfirmApproval: lambda _: (REASON,),
    determinations.ImportPastDetermination: lambda now: (
        {"outcome": "denied", "decided_on": now.today, "citing": ["1.A.i"], "edition": "unknown"},
        {"outcome": "approved", "decided_on": "2020-01-01"},
    ),
    appeals.FileAppeal: lambda now: (
        {"received_at": now.at, "grounds": "It failed.", "filer": {"name": "Alma", "relation": "patient"}},
        {
            "received_at": LONG_AGO,
            "grounds": "It failed.",
            "filer": {"name": "Alma", "relation": "patient"},
        },
    ),
    appeals.AddAppealEvidence: lambda now: ({"received_at": now.at, "note": "Here."}, {"received_at": now.at}),
    appeals.AssignAppeal: lambda _: ({},),
    appeals.DecideAppeal: lambda now: (
        {"outcome": "overturned", "assessment_digest": now.digest, "rationale": "It is right."},
        {"outcome": "upheld", "assessment_digest": now.digest, "rationale": "No.", "citing": ["1.A.i", "NR.3"]},
    ),
    appeals.WithdrawAppeal: lambda _: (REASON | {"by": "Alma"},),
    appeals.DismissAppeal: lambda _: (REASON | {"ground": "improperly_filed"}, REASON | {"ground": "late"}),
    appeals.HandOnAppeal: lambda _: ({"organisation": "East"}, {"organisation": "East", "on": "2020-01-01"}),
    appeals.RecordExternalAnswer: lambda now: (
        {"received_on": now.today, "outcome": "upheld", "rationale": "No.", "assessment_digest": now.digest},
        {"received_on": "2020-01-01", "outcome": "overturned", "rationale": "Yes.", "assessment_digest": now.digest},
    ),
}
assert set(_TERMS) == set(COMMANDS), "every command has terms to be tried with"


def commands_about(
    kind: type[Command], subject: CommandSubject, history: PatientHistory, moment: CommandContext
) -> Iterator[Command]:
    """The command about this subject with terms of each sort, the sensible ones first."""
    name = subject_field(kind)
    about = subject.subject_id if isinstance(subject, Assigning) else subject
    to = {"to": subject.to} if isinstance(subject, Assigning) else {}
    for terms in _TERMS[kind](Now(history, subject, moment)):
        yield kind.model_validate(terms | to | ({name: about} if name is not None else {}))
