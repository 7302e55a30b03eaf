"""The situations of the longer story: what is asked and comes, appeals, corrections, and what another record brought.

Read a function as that patient's story; every day is counted from the demo's today.
"""

from __future__ import annotations

from datetime import datetime, time
from typing import Any, Final

from api.demo.people import APPEALS_PHYSICIAN, MEDICAL_DIRECTOR, SyntheticPatient
from api.demo.stories import Situation, only_an_mri
from api.demo.story_builder import FROM_RECEIPT_TO_ENTRY, Story, Turn
from domain.calendar import PartialDate
from domain.commands import Command
from domain.commands.appeals import AddAppealEvidence, AssignAppeal, DecideAppeal, FileAppeal, HandOnAppeal
from domain.commands.determinations import ExtendApproval, ImportPastDetermination, RescindApproval
from domain.commands.patient import LinkHistories
from domain.commands.requests import (
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


# -- asked, answered, taken back --------------------------------------------------------------


def information_requested(story: Story) -> Story:
    """The report of the MRI was asked for, and a reminder sent; until it comes the clock stands still."""
    _asked_for_a_report(story)
    return story.on(story.ago(1)).does(
        story.person.reviewer, lambda turn: SendReminder(request_id=turn.request_id(1), channel="fax")
    )


def document_to_review(story: Story) -> Story:
    """The report has come, and settles nothing until somebody of the plan has read it (R14)."""
    return _supplied(_asked_for_a_report(story))


def approved_on_a_document(story: Story) -> Story:
    """Read and found to support the finding, the report made the difference."""
    _supplied(_asked_for_a_report(story))
    review = story.on(story.ago(1)).does(
        story.person.reviewer,
        lambda turn: ReviewDocument(document_id=f"{turn.patient_id}.f1", clause=_MRI, supports=True),
    )
    return review.approves()


def withdrawn(story: Story) -> Story:
    story.on(story.ago(9)).opens().requests_first_course()
    return story.on(story.ago(5)).does(
        story.person.office,
        lambda turn: WithdrawRequest(
            request_id=turn.request_id(1), by=story.person.prescriber.name, reason="The infusions are postponed."
        ),
    )


def _asked_for_a_report(story: Story) -> Story:
    one = StatedAgent(product="Avonex", outcome="inadequate_efficacy", stopped_on=PartialDate(story.year(2)))
    statement = story.first_course_statement(agents=(one,), aggressive_disease=only_an_mri("not_attached"))
    story.on(story.ago(8)).opens().requests(statement, line_of_business="commercial")
    return story.on(story.ago(5)).does(
        story.person.reviewer,
        lambda turn: RequestInformation(
            request_id=turn.request_id(1),
            assessment_digest=turn.digest_seen(1),
            note="Please send the report of the latest MRI.",
        ),
    )


def _supplied(story: Story) -> Story:
    def command(turn: Turn) -> Command:
        report = turn.stored(_REPORT, name="Report of the MRI (made up)", kind="mri_report", clause=_MRI)
        received_at = turn.at - FROM_RECEIPT_TO_ENTRY
        return SupplyInformation(request_id=turn.request_id(1), received_at=received_at, documents=(report,))

    return story.on(story.ago(2)).does(story.person.office, command)


# -- appeals ----------------------------------------------------------------------------------


def overturned_on_appeal(story: Story) -> Story:
    """Denied for want of an agent that was tried; the chart that came with the appeal names two."""
    _denied_and_appealed(story)

    def evidence(turn: Turn) -> Command:
        chart = turn.stored(_CHART, name="Chart note (made up)", kind="chart_note")
        agents = story.person.failed_agents(story.today.year - 3)
        return AddAppealEvidence(
            appeal_id=turn.appeal_id(),
            received_at=turn.at - FROM_RECEIPT_TO_ENTRY,
            statement=Statement(agents=agents),
            documents=(chart,),
        )

    story.on(story.ago(12)).does(story.person.office, evidence)
    return _decided(story, 9, outcome="overturned", rationale="The chart shows that two agents were tried and failed.")


def upheld_and_handed_on(story: Story) -> Story:
    """Nothing new came with the appeal; an independent organisation looks at it now."""
    _denied_and_appealed(story)
    why = "No agent that was tried and no sign of aggressive disease is documented."
    _decided(story, 12, outcome="upheld", citing=("1.A.iii",), rationale=why)
    story.does(story.person.reviewer, lambda turn: _notice(turn, "appeal_decision", appeal_id=turn.appeal_id()))
    return story.on(story.ago(6)).does(
        story.person.reviewer,
        lambda turn: HandOnAppeal(appeal_id=turn.appeal_id(), organisation="Independent Review (made up)"),
    )


def _denied_and_appealed(story: Story) -> Story:
    """Denied, told of it by mail, appealed by the patient, and with somebody who took no part."""
    no = AggressiveSign(finding=False)
    none = AggressiveDisease(rapid_deterioration=no, disabling_relapses=no, mri=no, cognitive_impairment=no)
    reviewer = story.person.reviewer
    story.on(story.ago(40)).opens().requests_first_course(agents=(), aggressive_disease=none)
    story.on(story.ago(36)).denies("1.A.iii", rationale="No other treatment was tried before.")
    story.does(reviewer, lambda turn: _notice(turn, "denial"))
    story.on(story.ago(33)).does(
        reviewer, lambda turn: RecordDelivery(notice_id=f"{turn.patient_id}.n1", delivered_at=turn.at)
    )
    story.on(story.ago(20)).does(
        reviewer,
        lambda turn: FileAppeal(
            request_id=turn.request_id(1),
            received_at=turn.at - FROM_RECEIPT_TO_ENTRY,
            grounds="I did try other treatments, years ago.",
            filer=Filer(name=story.person.name, relation="patient"),
        ),
    )
    return story.does(reviewer, lambda turn: AssignAppeal(appeal_id=turn.appeal_id(), to=APPEALS_PHYSICIAN))


def _decided(story: Story, days_ago: int, **terms: Any) -> Story:
    return story.on(story.ago(days_ago)).does(
        APPEALS_PHYSICIAN,
        lambda turn: DecideAppeal(appeal_id=turn.appeal_id(), assessment_digest=turn.digest_seen(1), **terms),
    )


def _notice(turn: Turn, kind: Any, appeal_id: str | None = None) -> Command:
    return IssueNotice(
        request_id=turn.request_id(1),
        kind=kind,
        channel="mail",
        addressee="The patient and the prescriber",
        issued_at=turn.at,
        appeal_id=appeal_id,
    )


# -- what becomes of an approval, and of a dose -----------------------------------------------


def approval_extended(story: Story) -> Story:
    """Two of five doses in the first thirty days; thirty more for the rest (R10)."""
    story.on(story.ago(45)).opens().requests_first_course()
    story.on(story.ago(41)).approves()
    story.on(story.ago(20)).is_given(2)
    return story.on(story.ago(14)).does(
        story.person.reviewer,
        lambda turn: ExtendApproval(request_id=turn.request_id(1), assessment_digest=turn.digest_to_extend(1)),
    )


def approval_rescinded(story: Story) -> Story:
    story.on(story.ago(24)).opens().requests_first_course()
    story.on(story.ago(20)).approves()
    story.on(story.ago(12)).is_given(1)
    return story.on(story.ago(10)).does(
        MEDICAL_DIRECTOR,
        lambda turn: RescindApproval(
            request_id=turn.request_id(1), ground="safety", reason="A serious reaction during the first infusion."
        ),
    )


def corrected_dose(story: Story) -> Story:
    """The fifth dose was entered a day too early; the twelve months count from the corrected day."""
    story.on(story.ago(26)).opens().requests_first_course()
    story.on(story.ago(23)).approves()
    story.on(story.ago(16)).is_given(5)
    return story.on(story.ago(3)).does(
        story.person.reviewer,
        lambda turn: CorrectDose(
            dose_id=turn.dose_id(5), on=story.ago(11), reason="The infusion center's chart states the following day."
        ),
    )


def retrospective_request(story: Story) -> Story:
    """Begun in hospital before anybody could ask; a physician approves what was given."""
    story.on(story.ago(14)).opens()
    story.on(story.ago(12)).is_given(5)
    statement = story.first_course_statement()
    story.on(story.ago(4)).requests(statement, doses_given_before=5, planned_first_infusion_on=None)
    return story.on(story.ago(2)).approves(
        by=MEDICAL_DIRECTOR, rationale="The treatment could not wait; every criterion was met."
    )


# -- other records, other numbers -------------------------------------------------------------


def imported_years(story: Story) -> Story:
    """A request, its approval and five doses of last year: recorded ten days ago, happened then."""
    first = 420 + story.person.spread(30)
    received_at = datetime.combine(story.ago(first + 12), time(9), story.zone)
    story.on(story.ago(10)).imported("plan-before").opens()
    story.requests(story.first_course_statement(), received_at=received_at, planned_first_infusion_on=None)
    story.does(
        story.person.reviewer,
        lambda turn: ImportPastDetermination(
            request_id=turn.request_id(1), outcome="approved", decided_on=story.ago(first + 6)
        ),
    )
    for number in range(5):
        on, reference = story.ago(first - number), f"CLAIM-{story.person.number}-{number + 1}"
        command = RecordDose(on=on, mg=12.0, source="claim", source_reference=reference)
        story.does(story.person.reviewer, lambda _, command=command: command)  # type: ignore[misc]
    return story


def earlier_number(story: Story) -> Story:
    """A course in another plan, told of three years later."""
    course = ReportedCourse(doses_given=5, last_dose_on=PartialDate(story.year(3)), completed=True)
    return story.on(story.ago(200)).opens().reports_treatment(
        course, source="other_plan", reference="Records of the previous plan (made up)"
    )  # fmt: skip


def linked_histories(story: Story) -> Story:
    """The person of the story before, opened once more under a new number, as if she had never been treated."""
    before = SyntheticPatient(story.person.number - 1, story.person.round)
    story.on(story.ago(8)).opens(same_as=before).requests_first_course()

    def command(turn: Turn) -> Command:
        other = turn.ledger.find(before.member)
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
