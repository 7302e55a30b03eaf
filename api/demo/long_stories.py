"""The demo's longer situations: information requested and received, appeals, corrections, and imported records.

Each function adds the steps of one patient. Every day is counted from the day on which the demo is created.
"""

from __future__ import annotations

from datetime import datetime, time
from typing import Any, Final

from api.demo.people import APPEALS_PHYSICIAN, MEDICAL_DIRECTOR, SyntheticPatient
from api.demo.stories import Situation, only_an_mri
from api.demo.story_builder import FROM_RECEIPT_TO_ENTRY, StepContext, Story
from domain.calendar import PartialDate
from domain.commands import Command
from domain.commands.appeals import AddAppealEvidence, AssignAppeal, DecideAppeal, FileAppeal, HandOnAppeal
from domain.commands.determinations import ExtendApproval, ImportPastDetermination, RescindApproval
from domain.commands.patient import LinkHistories
from domain.commands.requests import (
    InformationExtension,
    IssueNotice,
    RecordDelivery,
    RequestInformation,
    ReviewDocument,
    SendReminder,
    SupplyInformation,
    WithdrawRequest,
)
from domain.commands.treatment import CorrectDose, RecordDose
from domain.events.appeals import Filer
from domain.events.requests import StatedAgent, Statement
from domain.events.treatment import ReportedCourse
from domain.facts import AggressiveDisease, AggressiveSign

_MRI: Final = "1.A.iii.d(3)"
_REPORT: Final = (
    "Synthetic MRI report of the head. It describes no real person.\nTwo new lesions that take up contrast agent.\n"
)
_CHART: Final = (
    "Synthetic chart note. It describes no real person.\nTwo agents were tried and stopped: relapses under both.\n"
)


# -- information requests and withdrawal ------------------------------------------------------


def information_requested(story: Story) -> Story:
    """The MRI report was requested, and a reminder was sent. The deadline is paused until the report is received."""
    _request_report(story)
    return story.on(story.ago(1)).does(
        story.person.reviewer, lambda context: SendReminder(request_id=context.request_id(1), channel="fax")
    )


def document_to_review(story: Story) -> Story:
    """The MRI report was received. It does not count until a person of the plan has reviewed it (R14)."""
    return _supply_report(_request_report(story))


def approved_on_a_document(story: Story) -> Story:
    """The MRI report was reviewed and supports the finding, so the request was approved."""
    _supply_report(_request_report(story))
    review = story.on(story.ago(1)).does(
        story.person.reviewer,
        lambda context: ReviewDocument(document_id=f"{context.patient_id}.f1", clause=_MRI, supports=True),
    )
    return review.approves()


def withdrawn(story: Story) -> Story:
    story.on(story.ago(9)).opens().requests_first_course()
    return story.on(story.ago(5)).does(
        story.person.office,
        lambda context: WithdrawRequest(
            request_id=context.request_id(1), by=story.person.prescriber.name, reason="The infusions are postponed."
        ),
    )


def _request_report(story: Story) -> Story:
    agent = StatedAgent(product="Avonex", outcome="inadequate_efficacy", stopped_on=PartialDate(story.year(2)))
    statement = story.first_course_statement(agents=(agent,), aggressive_disease=only_an_mri("not_attached"))
    story.on(story.ago(8)).opens().requests(statement, line_of_business="commercial")
    return story.on(story.ago(5)).does(
        story.person.reviewer,
        lambda context: RequestInformation(
            request_id=context.request_id(1),
            assessment_digest=context.digest_seen(1),
            note="Please send the report of the latest MRI.",
            extend=InformationExtension(notice="We need the report of the latest MRI, and more time to decide."),
        ),
    )


def _supply_report(story: Story) -> Story:
    def command(context: StepContext) -> Command:
        report = context.store_document(_REPORT, name="Report of the MRI (made up)", kind="mri_report", clause=_MRI)
        received_at = context.at - FROM_RECEIPT_TO_ENTRY
        return SupplyInformation(request_id=context.request_id(1), received_at=received_at, documents=(report,))

    return story.on(story.ago(2)).does(story.person.office, command)


# -- appeals ----------------------------------------------------------------------------------


def overturned_on_appeal(story: Story) -> Story:
    """Denied because no agent was tried before. The chart note that was sent with the appeal names two agents."""
    _deny_and_appeal(story)

    def evidence(context: StepContext) -> Command:
        chart = context.store_document(_CHART, name="Chart note (made up)", kind="chart_note")
        agents = story.person.failed_agents(story.today.year - 3)
        return AddAppealEvidence(
            appeal_id=context.appeal_id(),
            received_at=context.at - FROM_RECEIPT_TO_ENTRY,
            statement=Statement(agents=agents),
            documents=(chart,),
        )

    story.on(story.ago(12)).does(story.person.office, evidence)
    return _decide_appeal(
        story, 9, outcome="overturned", rationale="The chart shows that two agents were tried and failed."
    )


def upheld_and_handed_on(story: Story) -> Story:
    """No new information was sent with the appeal. It was upheld, and an independent organization reviews it now."""
    _deny_and_appeal(story)
    why = "No agent that was tried and no sign of aggressive disease is documented."
    _decide_appeal(story, 12, outcome="upheld", citing=("1.A.iii",), rationale=why)
    story.does(
        story.person.reviewer, lambda context: _notice(context, "appeal_decision", appeal_id=context.appeal_id())
    )
    return story.on(story.ago(6)).does(
        story.person.reviewer,
        lambda context: HandOnAppeal(appeal_id=context.appeal_id(), organisation="Independent Review (made up)"),
    )


def _deny_and_appeal(story: Story) -> Story:
    """The request was denied, the notice was mailed, and the patient appealed.

    The appeal is assigned to a physician who took no part in the denial.
    """
    no = AggressiveSign(finding=False)
    no_sign = AggressiveDisease(rapid_deterioration=no, disabling_relapses=no, mri=no, cognitive_impairment=no)
    reviewer = story.person.reviewer
    story.on(story.ago(40)).opens().requests_first_course(agents=(), aggressive_disease=no_sign)
    story.on(story.ago(36)).denies("1.A.iii", rationale="No other treatment was tried before.")
    story.does(reviewer, lambda context: _notice(context, "denial"))
    story.on(story.ago(33)).does(
        reviewer, lambda context: RecordDelivery(notice_id=f"{context.patient_id}.n1", delivered_at=context.at)
    )
    story.on(story.ago(20)).does(
        reviewer,
        lambda context: FileAppeal(
            request_id=context.request_id(1),
            received_at=context.at - FROM_RECEIPT_TO_ENTRY,
            grounds="I did try other treatments, years ago.",
            filer=Filer(name=story.person.name, relation="patient"),
        ),
    )
    return story.does(reviewer, lambda context: AssignAppeal(appeal_id=context.appeal_id(), to=APPEALS_PHYSICIAN))


def _decide_appeal(story: Story, days_ago: int, **terms: Any) -> Story:
    return story.on(story.ago(days_ago)).does(
        APPEALS_PHYSICIAN,
        lambda context: DecideAppeal(appeal_id=context.appeal_id(), assessment_digest=context.digest_seen(1), **terms),
    )


def _notice(context: StepContext, kind: Any, appeal_id: str | None = None) -> Command:
    return IssueNotice(
        request_id=context.request_id(1),
        kind=kind,
        channel="mail",
        addressee="The patient and the prescriber",
        issued_at=context.at,
        appeal_id=appeal_id,
    )


# -- changes of approvals and doses -----------------------------------------------------------


def approval_extended(story: Story) -> Story:
    """Two of five doses were given in the first 30 days. The approval was extended by 30 days for the others (R10)."""
    story.on(story.ago(45)).opens().requests_first_course()
    story.on(story.ago(41)).approves()
    story.on(story.ago(20)).is_given(2)
    return story.on(story.ago(14)).does(
        story.person.reviewer,
        lambda context: ExtendApproval(request_id=context.request_id(1), assessment_digest=context.digest_to_extend(1)),
    )


def approval_rescinded(story: Story) -> Story:
    story.on(story.ago(24)).opens().requests_first_course()
    story.on(story.ago(20)).approves()
    story.on(story.ago(12)).is_given(1)
    return story.on(story.ago(10)).does(
        MEDICAL_DIRECTOR,
        lambda context: RescindApproval(
            request_id=context.request_id(1), ground="safety", reason="A serious reaction during the first infusion."
        ),
    )


def corrected_dose(story: Story) -> Story:
    """The date of the fifth dose was a day too early. The twelve months are counted from the corrected date."""
    story.on(story.ago(26)).opens().requests_first_course()
    story.on(story.ago(23)).approves()
    story.on(story.ago(16)).is_given(5)
    return story.on(story.ago(3)).does(
        story.person.reviewer,
        lambda context: CorrectDose(
            dose_id=context.dose_id(5), on=story.ago(11), reason="The infusion center's chart states the following day."
        ),
    )


def retrospective_request(story: Story) -> Story:
    """The course was given in a hospital before a request could be sent. A physician approves the doses afterwards."""
    story.on(story.ago(14)).opens()
    story.on(story.ago(12)).is_given(5)
    statement = story.first_course_statement()
    story.on(story.ago(4)).requests(statement, doses_given_before=5, planned_first_infusion_on=None)
    return story.on(story.ago(2)).approves(
        by=MEDICAL_DIRECTOR, rationale="The treatment could not wait; every criterion was met."
    )


# -- other records and other member IDs -------------------------------------------------------


def imported_years(story: Story) -> Story:
    """A request, its approval, and five doses of last year, which were recorded ten days ago."""
    first = 420 + story.person.spread(30)
    received_at = datetime.combine(story.ago(first + 12), time(9), story.zone)
    story.on(story.ago(10)).imported("plan-before").opens()
    story.requests(story.first_course_statement(), received_at=received_at, planned_first_infusion_on=None)
    story.does(
        story.person.reviewer,
        lambda context: ImportPastDetermination(
            request_id=context.request_id(1), outcome="approved", decided_on=story.ago(first + 6)
        ),
    )
    for number in range(5):
        on, reference = story.ago(first - number), f"CLAIM-{story.person.number}-{number + 1}"
        command = RecordDose(on=on, mg=12.0, source="claim", source_reference=reference)
        story.does(story.person.reviewer, lambda _, command=command: command)  # type: ignore[misc]
    return story


def earlier_number(story: Story) -> Story:
    """A course that was given under another plan, and reported years later."""
    course = ReportedCourse(doses_given=5, last_dose_on=PartialDate(story.year(3)), completed=True)
    return story.on(story.ago(200)).opens().reports_treatment(
        course, source="other_plan", reference="Records of the previous plan (made up)"
    )  # fmt: skip


def linked_histories(story: Story) -> Story:
    """The patient of the situation before, under a new member ID, in a request that states no earlier treatment."""
    before = SyntheticPatient(story.person.number - 1, story.person.round)
    story.on(story.ago(8)).opens(same_as=before).requests_first_course()

    def command(context: StepContext) -> Command:
        other = context.ledger.find(before.member)
        assert other is not None, "the earlier story must be recorded first"
        return LinkHistories(other_patient_id=other, reason="The same person under an earlier member ID.")

    return story.on(story.ago(4)).does(story.person.reviewer, command)


SITUATIONS: Final[tuple[Situation, ...]] = (
    Situation("information_requested", "The missing report was requested. The deadline is paused until it is received.",
              information_requested),
    Situation("document_to_review", "The report was received and is not yet reviewed.",
              document_to_review),
    Situation("approved_on_a_document", "Approved after the report was reviewed and found to support 1.A.iii.d(3).",
              approved_on_a_document),
    Situation("withdrawn", "Withdrawn by the provider office before a decision.", withdrawn),
    Situation("overturned_on_appeal", "Denied, appealed with a chart note, and overturned: a course may be given.",
              overturned_on_appeal),
    Situation("upheld_and_handed_on", "Denied, appealed, upheld, and forwarded to external review.",
              upheld_and_handed_on),
    Situation("approval_extended", "Two doses given. The approval was extended by 30 days for the other doses.",
              approval_extended),
    Situation("approval_rescinded", "The approval was rescinded after the first dose, for safety.",
              approval_rescinded),
    Situation("corrected_dose", "The date of the fifth dose was corrected. Both dates are on record.", corrected_dose),
    Situation("retrospective_request", "Five doses given in a hospital, then requested and approved.",
              retrospective_request),
    Situation("imported_years", "A first course from last year, imported with its approval from another record.",
              imported_years),
    Situation("earlier_number", "Known under an earlier member ID: a first course in another plan.", earlier_number),
    Situation("linked_histories", "The same person under a new member ID: linked, so a clinician decides.",
              linked_histories),
)  # fmt: skip
