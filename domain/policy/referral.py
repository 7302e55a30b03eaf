"""What sends an approval to a clinician, and what is only shown to the person deciding.

None of it makes a clause met or not met: safety statements are never a reason to deny (R20).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from domain.calendar import years_have_passed
from domain.facts import Circumstances, FrozenModel, doses_in_course
from domain.policy.agents import recognise
from domain.policy.criteria import NON_RELAPSING, RELAPSING
from domain.policy.edition import Question


class Reason(FrozenModel):
    """Why a clinician must look."""

    code: str
    citation: str | None = None
    sentence: str
    readings: tuple[str, ...] = ()


LATER_COURSE_INTERRUPTED = "later_course_interrupted"

# ICD-10-CM since October 2025; the old G35, G35.C0 and G35.D say nothing of the form (R15).
RELAPSING_CODES = frozenset({"G35.A", "G35.C1"})
NON_RELAPSING_CODES = frozenset({"G35.B0", "G35.B1", "G35.B2", "G35.C2"})


def referral_reasons(question: Question, circumstances: Circumstances) -> Iterator[Reason]:
    facts = question.facts
    where = question.standing
    if where.later_course is not None and where.later_course_is_current is not False:
        yield Reason(
            code=LATER_COURSE_INTERRUPTED,
            citation="1.B",
            sentence=f"Course {where.later_course.number} was started and not completed, "
            "which the policy does not address.",
            readings=("R8",),
        )
    if circumstances.course_closed_unfinished:
        sentence = "A clinician closed an earlier course as not to be finished."
        yield Reason(code="course_closed_unfinished", citation="1.B", sentence=sentence, readings=("R26",))
    if circumstances.course_short:
        sentence = "An earlier course lacks a dose that was voided."
        yield Reason(code="course_short", citation="1.B", sentence=sentence, readings=("R24",))
    if circumstances.retrospective:
        sentence = "Doses were given before they were requested, which the policy does not address."
        yield Reason(code="retrospective", sentence=sentence, readings=("R4", "R22"))
    if circumstances.histories_linked:
        sentence = "Another history of this patient is linked, and it is not part of this assessment."
        yield Reason(code="histories_linked", citation="1.A", sentence=sentence, readings=("R1",))
    if facts.active_infection is True:
        sentence = "An active infection is stated, which is a contraindication on the label."
        yield Reason(code="active_infection", sentence=sentence, readings=("R20",))
    if facts.hypersensitivity is True:
        sentence = "Hypersensitivity to alemtuzumab is stated, which is a contraindication on the label."
        yield Reason(code="hypersensitivity", sentence=sentence, readings=("R20",))
    if against := codes_against_form(question, circumstances):
        sentence = f"Diagnosis code {', '.join(against)} contradicts the stated form of MS."
        yield Reason(code="diagnosis_code_contradicts", citation="1.A.ii", sentence=sentence, readings=("R15",))


def dosing_is_decisive(question: Question, reasons: Iterable[Reason]) -> bool:
    """Whether dosing that is not known could still turn a referral into an approval.

    Any reason for a clinician settles it, but one: a later course of which it is not known
    whether it still runs (R8). If it does not, there is no such reason, and three days are the regimen.
    """
    if any(reason.code != LATER_COURSE_INTERRUPTED for reason in reasons):
        return False
    where = question.standing
    if where.later_course is None or where.later_course_is_current is False:
        return True
    days = question.facts.requested_dosing.consecutive_days
    return where.later_course_is_current is None and days in (None, doses_in_course(2))


def codes_against_form(question: Question, circumstances: Circumstances) -> list[str]:
    """The codes that say the opposite of the stated form; none where the form is not stated."""
    form = question.facts.ms_form
    codes = [_dotted(code) for code in circumstances.diagnosis_codes]
    if form in RELAPSING:
        return [code for code in codes if code in NON_RELAPSING_CODES]
    if form in NON_RELAPSING or form == "clinically_isolated_syndrome":
        return [code for code in codes if code in RELAPSING_CODES]
    return []


def _dotted(code: str) -> str:
    """The code as ICD-10-CM prints it; claims carry it without the dot."""
    bare = code.upper().replace(".", "")
    return f"{bare[:3]}.{bare[3:]}" if len(bare) > 3 else bare


STATED_OTHERWISE: Final = {
    "The prescriber states that Lemtrada was never received; the record shows treatment (R1).": (
        "The prescriber states that Lemtrada was never received, but the record shows treatment (R1)."
    ),
    "The prescriber states that Lemtrada was never received, and names it among the agents tried.": (
        "The prescriber states that Lemtrada was never received, but lists it as an agent that was tried."
    ),
    "The prescriber states that Lemtrada was received; it is reported that it never was (R1).": (
        "The prescriber states that Lemtrada was received, but a report states that it was never received (R1)."
    ),
    "Of a reported course it is not known whether it was completed (R1, R3).": (
        "It is not known whether a reported course was completed (R1, R3)."
    ),
    "A second report of a dose is not counted, and waits for a person to decide (R25).": (
        "A possible duplicate report of a dose is not counted and needs a decision (R25)."
    ),
    "A document is attached that nobody of the plan has yet found to support its finding (R14).": (
        "A supporting document was received and is not yet reviewed (R14)."
    ),
    "Her death is on record.": "The patient's death is on record.",
}
"""Each stored sentence of the circumstances, which the assessment digest includes, and the sentence to display."""


def advisories(question: Question, circumstances: Circumstances) -> Iterator[str]:
    facts = question.facts
    if circumstances.rems_enrolled is False:
        yield "The patient is not enrolled in the LEMTRADA REMS Program (R20)."
    if circumstances.rems_enrolled is None:
        yield "Enrollment in the LEMTRADA REMS Program is not stated (R20)."
    if circumstances.progressive_multifocal_leukoencephalopathy is True:
        yield "Progressive multifocal leukoencephalopathy is stated (R20)."
    born = facts.birth_date
    if born is not None and years_have_passed(born, 18, on=question.as_of) is False:
        yield "The patient is younger than 18, and the label is for adults (R20)."
    campath = [one.product for one in facts.agents.tried if recognise(one.product).kind == "campath"]
    if campath or circumstances.campath_received is True:
        yield "Campath was received. It has the same ingredient but is not counted as Lemtrada (R18)."
    yield from (STATED_OTHERWISE.get(one, one) for one in circumstances.stated_otherwise)


def planned_day_notes(question: Question, circumstances: Circumstances) -> Iterator[str]:
    """Age and interval on the planned first infusion day, where not simply met: reported, never decisive (R4)."""
    planned = circumstances.planned_first_infusion_on
    if planned is None:
        return
    born, age = question.facts.birth_date, question.edition.parameters.age_min_years
    if born is not None:
        now, then = (years_have_passed(born, age, on=day) for day in (question.as_of, planned))
        if not (now and then):
            yield f"On the planned day of the first infusion, {planned}, age {age} is {_said(then)} (R4)."
    where, on_the_day = question.standing, replace(question, as_of=planned).standing
    if on_the_day.path == "B" and not (where.interval.passed and on_the_day.interval.passed):
        said = _said(on_the_day.interval.passed)
        yield f"On the planned day of the first infusion, {planned}, the twelve months of 1.B.iv are {said} (R4)."


def _said(reached: bool | None) -> str:
    return {True: "reached", False: "not reached", None: "not known to be reached"}[reached]
