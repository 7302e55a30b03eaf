"""The demo's situations of courses and decisions, one patient each. Each function adds the steps of that patient.

Every day is counted from the day on which the demo is created, so that the situations are the same on any day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from api.demo.people import MEDICAL_DIRECTOR, PHARMACIST
from api.demo.story_builder import Story, dosing
from domain.calendar import PartialDate
from domain.events.requests import StatedAgent
from domain.events.treatment import ReportedCourse
from domain.facts import AggressiveDisease, AggressiveSign
from domain.people import ConsultationGiven, Prescriber


@dataclass(frozen=True, slots=True)
class Situation:
    """A situation of one patient. `shows` describes it in a sentence, and `add_steps` adds its steps to a story."""

    name: str
    shows: str
    add_steps: Callable[[Story], Story]


# -- a first course ---------------------------------------------------------------------------


def pending_a_document(story: Story) -> Story:
    """One agent failed, which does not meet 1.A.iii. The MRI finding would meet it, but its report is not attached."""
    return story.on(story.ago(2)).opens().requests_first_course(
        agents=(StatedAgent(product="Avonex", outcome="inadequate_efficacy", stopped_on=PartialDate(story.year(2))),),
        aggressive_disease=only_an_mri("not_attached"),
    )  # fmt: skip


def ready_to_approve(story: Story) -> Story:
    """A transfer letter attests that Lemtrada was never given. All other criteria are met, and no decision is made."""
    story.on(story.ago(3)).opens().reports_treatment(source="attested", reference="Transfer letter")
    return story.requests_first_course(received_lemtrada=None)


def approved_mid_course(story: Story) -> Story:
    story.on(story.ago(12)).opens().requests_first_course()
    story.on(story.ago(9)).approves()
    return story.on(story.ago(2)).is_given(2)


def partially_approved(story: Story) -> Story:
    """A physician approves three of the five requested days, and states which days are left out."""
    story.on(story.ago(6)).opens().requests_first_course()
    return story.on(story.ago(3)).approves(
        by=MEDICAL_DIRECTOR,
        doses=3,
        citing=("Dosing.A",),
        left_out="The fourth and fifth day are not approved until the laboratory results of day three are in.",
        rationale="Low platelets before treatment. The other doses can be requested again.",
    )


def interrupted_first_course(story: Story) -> Story:
    """Three of five doses were given before an infusion reaction. The approval expired with two doses unused."""
    first = 150 + story.person.spread(60)
    story.on(story.ago(first + 9)).opens().requests_first_course()
    story.on(story.ago(first + 6)).approves()
    return story.on(story.ago(first)).is_given(3)


def closed_unfinished(story: Story) -> Story:
    """Two doses were given more than a year ago. A physician closed the course, and a later course is requested now."""
    first = 420 + story.person.spread(20)
    story.on(story.ago(first + 9)).opens().requests_first_course()
    story.on(story.ago(first + 6)).approves()
    story.on(story.ago(first)).is_given(2)
    story.on(story.ago(first - 30)).closes_course(1, "Severe infusion reactions; the first course will not be resumed.")
    return story.on(story.ago(4)).requests_later_course()


# -- between courses --------------------------------------------------------------------------


def completed_and_waiting(story: Story) -> Story:
    return after_a_first_course(story, last_dose_on=story.ago(150 + story.person.spread(60)))


def due_next_month(story: Story) -> Story:
    """The twelve months end in 20 to 28 days."""
    return after_a_first_course(story, last_dose_on=_a_year_before(story.ago(-20 - story.person.spread(8))))


def denied_too_early(story: Story) -> Story:
    after_a_first_course(story, last_dose_on=story.ago(270 + story.person.spread(30)))
    story.on(story.ago(20)).requests_later_course()
    return story.on(story.ago(15)).denies(
        "1.B.iv",
        rationale="The last dose was given less than twelve months ago. The request can be made again after"
        " twelve months.",
    )


# -- later courses ----------------------------------------------------------------------------


def later_course_approved(story: Story) -> Story:
    """A nurse practitioner requests it, in consultation with a neurologist. Three doses are approved, none is given."""
    after_a_first_course(story, last_dose_on=story.ago(400 + story.person.spread(30)))
    story.on(story.ago(8)).requests(
        story.later_course_statement(),
        prescriber=Prescriber(name="Nika Fictitious, NP", specialty="neurology", credential="nurse_practitioner"),
        consultation=ConsultationGiven(specialty="neurology", name="Dr. Nora Fictitious"),
        urgency="urgent",
    )
    return story.on(story.ago(7)).approves(by=PHARMACIST)


def later_course_interrupted(story: Story) -> Story:
    """One of three doses was given 40 days ago, and the others are requested now.

    The policy does not say whether they may be given, so a clinician decides (R8).
    """
    after_a_first_course(story, last_dose_on=story.ago(450 + story.person.spread(20)))
    story.on(story.ago(50)).requests_later_course()
    story.on(story.ago(47)).approves()
    story.on(story.ago(40)).is_given(1)
    story.on(story.ago(4)).requests_later_course(days=2)
    return story.on(story.ago(3)).refers("Course 2 was started and not finished. Two of its doses are requested.")


def transferred(story: Story) -> Story:
    """Two courses were given under another plan, one known to the year and one to the month. A third is requested.

    The month is the current month of last year. The twelve months have passed for some of its days and not for others,
    except on the last day of a month, when they have passed for all.
    """
    last_month = PartialDate(f"{story.year(1)}-{story.today.month:02}")
    story.on(story.ago(5)).opens().reports_treatment(
        ReportedCourse(doses_given=5, mg_total=60.0, last_dose_on=PartialDate(story.year(3)), completed=True),
        ReportedCourse(doses_given=3, mg_total=36.0, first_dose_on=last_month, last_dose_on=last_month, completed=True),
        source="other_plan",
        reference="Records of the previous plan (made up)",
    )
    return story.requests_later_course(response={"symptom": True})


# -- refused or referred ----------------------------------------------------------------------


def denied_second_agent(story: Story) -> Story:
    story.on(story.ago(25)).opens().requests_first_course(
        agents=(
            *story.person.failed_agents(story.today.year - 3),
            StatedAgent(product="Zeposia", outcome="adequate", still_taken=True),
        ),
        other_dmt_continues=True,
    )
    return story.on(story.ago(18)).denies(
        "NR.2",
        rationale="Another disease-modifying agent would be taken at the same time. With a stop date before the"
        " first infusion the request can be made again.",
    )


def excluded_isolated_syndrome(story: Story) -> Story:
    """An exclusion applies, whatever else is met. Only a physician may deny the request, and none has done so yet."""
    return story.on(story.ago(3)).opens().requests_first_course(ms_form="clinically_isolated_syndrome")


def referred_dosing(story: Story) -> Story:
    story.on(story.ago(10)).opens().requests_first_course(requested_dosing=dosing(8))
    return story.on(story.ago(8)).refers("Eight days are requested, and the regimen has five.")


def referred_infection(story: Story) -> Story:
    """All criteria are met. An active infection is never a reason to deny, and always a reason to refer (R20)."""
    story.on(story.ago(6)).opens().requests_first_course(active_infection=True)
    return story.on(story.ago(5)).refers("An active infection is stated. Please review before the decision.")


# -- doses that need a review -----------------------------------------------------------------


def variances(story: Story) -> Story:
    """The third dose was 10 mg, and the fifth dose was given the day after the approval expired."""
    approved_on = story.ago(60 + story.person.spread(60))
    story.on(approved_on - timedelta(days=4)).opens().requests_first_course()
    story.on(approved_on).approves()
    story.on(approved_on + timedelta(days=26)).is_given(2)
    story.on(approved_on + timedelta(days=28)).is_given(1, mg=10.0)
    return story.on(approved_on + timedelta(days=29)).is_given(2)


def voided_dose(story: Story) -> Story:
    """The fifth dose, which completed the course, was another patient's. It was voided, which reopened the course."""
    story.on(story.ago(14)).opens().requests_first_course()
    story.on(story.ago(12)).approves()
    story.on(story.ago(8)).is_given(5)
    return story.on(story.ago(2)).voids_dose(5, "Entered for another patient of the infusion center.")


def possible_duplicate(story: Story) -> Story:
    """Claims repeat two infusions that were reported before. One is confirmed as a duplicate, one is undecided."""
    story.on(story.ago(30)).opens().requests_first_course()
    story.on(story.ago(27)).approves()
    first = story.ago(20)
    story.on(first).is_given(5)
    story.on(story.ago(3)).is_claimed(first).is_claimed(first + timedelta(days=1))
    return story.on(story.ago(1)).confirms_duplicate(6, "The claim names the same infusion.")


SITUATIONS: Final[tuple[Situation, ...]] = (
    Situation("pending_a_document", "A first request needs one document, the MRI report.", pending_a_document),
    Situation("ready_to_approve", "Never treated, as reported. All criteria are met, and a reviewer may approve.",
              ready_to_approve),
    Situation("approved_mid_course", "An approval is in effect: two doses given, three doses left.",
              approved_mid_course),
    Situation("partially_approved", "Three of the five requested doses are approved.", partially_approved),
    Situation("interrupted_first_course", "Three of five doses given, the approval lapsed: still path A.",
              interrupted_first_course),
    Situation("closed_unfinished", "A physician closed the first course. The next request is for a clinician.",
              closed_unfinished),
    Situation("completed_and_waiting", "The first course is complete. Twelve months have not passed yet.",
              completed_and_waiting),
    Situation("due_next_month", "The second course may start within the next 30 days.", due_next_month),
    Situation("denied_too_early", "Denied, citing 1.B.iv: requested before twelve months had passed.",
              denied_too_early),
    Situation("later_course_approved", "Path B: the second course is approved and not started.", later_course_approved),
    Situation("later_course_interrupted", "One of three doses of course 2 given. The others were referred (R8).",
              later_course_interrupted),
    Situation("transferred", "Two courses under another plan, known to the month. A third is requested.",
              transferred),
    Situation("denied_second_agent", "Denied, citing NR.2: another agent would be taken at the same time.",
              denied_second_agent),
    Situation("excluded_isolated_syndrome", "NR.1 applies. A physician must decide.", excluded_isolated_syndrome),
    Situation("referred_dosing", "In clinical review: eight days requested, outside of the regimen.", referred_dosing),
    Situation("referred_infection", "In clinical review: criteria met, active infection stated.", referred_infection),
    Situation("variances", "Complete, with a dose of 10 mg and one dose after the 30 days of the approval.",
              variances),
    Situation("voided_dose", "The fifth dose was voided, which reopened the course.", voided_dose),
    Situation("possible_duplicate", "Claims repeat two infusions: one confirmed as a duplicate, one undecided.",
              possible_duplicate),
)  # fmt: skip


def after_a_first_course(story: Story, last_dose_on: date) -> Story:
    """A first course that was requested, approved, and given on five days, of which `last_dose_on` is the last."""
    story.on(last_dose_on - timedelta(days=16)).opens().requests_first_course()
    story.on(last_dose_on - timedelta(days=12)).approves()
    return story.on(last_dose_on - timedelta(days=4)).is_given(5)


def only_an_mri(documentation: str) -> AggressiveDisease:
    """Aggressive disease of which only the MRI sign, 1.A.iii.d(3), is found."""
    no = AggressiveSign(finding=False)
    return AggressiveDisease(
        rapid_deterioration=no,
        disabling_relapses=no,
        mri=AggressiveSign.model_validate({"finding": True, "documentation": documentation}),
        cognitive_impairment=no,
    )


def _a_year_before(day: date) -> date:
    """The day whose anniversary is this day. For February 29, which is no day's anniversary, it is February 28."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)
