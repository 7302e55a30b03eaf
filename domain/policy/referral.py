"""The reasons to send an approval to clinical review, and the notes that are only shown to the decision maker.

Neither makes a clause met or not met. Safety statements are never a reason to deny (R20).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from domain.calendar import years_have_passed
from domain.facts import Circumstances, CourseMilligrams, FrozenModel, doses_in_course, in_words
from domain.policy.agents import not_recognized
from domain.policy.criteria import NON_RELAPSING, RELAPSING
from domain.policy.edition import Question
from domain.policy.treatment_standing import TreatmentStatus


class Reason(FrozenModel):
    """A reason to send a request to clinical review."""

    code: str
    citation: str | None = None
    sentence: str
    readings: tuple[str, ...] = ()


LATER_COURSE_INTERRUPTED = "later_course_interrupted"
"""The code of the referral reason of R8."""

MILLIGRAMS_OVER_DAY: Final = "milligrams_over_day"
MILLIGRAMS_OVER_COURSE: Final = "milligrams_over_course"
"""The codes of the referral reasons of R7. The second one is left out if the dosing is outside the regimen anyway."""

ENTRIES_WAITING: Final = "entries_waiting"
LINES_WITHOUT_DAYS: Final = "lines_without_days"
"""The codes of the referral reasons of R25."""

HISTORIES_LINKED: Final = "histories_linked"
LINKED_SENTENCE: Final = "Another history of this patient is linked, and it is not part of this assessment."
DEATH_ON_RECORD: Final = "death_on_record"
COURSE_SHORT: Final = "course_short"
ALWAYS_REFERRED: Final = frozenset({HISTORIES_LINKED, DEATH_ON_RECORD, COURSE_SHORT})
"""The codes of the reasons for which every recommendation is clinical review, also `pend` and `not_recommended`."""

# ICD-10-CM since October 2025. The old code G35, and G35.C0 and G35.D, do not state the form (R15).
RELAPSING_CODES = frozenset({"G35.A", "G35.C1"})
NON_RELAPSING_CODES = frozenset({"G35.B0", "G35.B1", "G35.B2", "G35.C2"})


def referral_reasons(question: Question, circumstances: Circumstances) -> Iterator[Reason]:
    """The reasons to send an approval to clinical review, other than the dosing and open readings."""
    facts = question.facts
    interrupted = [one.later_course for one in _interrupted_later_courses(question) if one.later_course is not None]
    if interrupted:
        numbers = {one.number for one in interrupted}
        named = f"Course {interrupted[0].number}" if len(numbers) == 1 else "A later course"
        yield Reason(
            code=LATER_COURSE_INTERRUPTED,
            citation="1.B",
            sentence=f"{named} was started and not completed, which the policy does not address.",
            readings=("R8",),
        )
    if circumstances.course_closed_unfinished:
        sentence = "A clinician closed an earlier course as not to be finished."
        yield Reason(code="course_closed_unfinished", citation="1.B", sentence=sentence, readings=("R26",))
    if circumstances.course_short:
        sentence = "An earlier course lacks a dose that was voided."
        yield Reason(code=COURSE_SHORT, citation="1.B", sentence=sentence, readings=("R24",))
    if circumstances.retrospective:
        sentence = "Doses were given before they were requested, which the policy does not address."
        yield Reason(code="retrospective", sentence=sentence, readings=("R4", "R22"))
    if circumstances.histories_linked:
        sentence = LINKED_SENTENCE
        if circumstances.linked_histories:
            sentence = f"{sentence} The other history is {', '.join(circumstances.linked_histories)}."
        reading = "R28" if circumstances.linked_histories else "R1"
        yield Reason(code=HISTORIES_LINKED, citation="1.A", sentence=sentence, readings=(reading,))
    if _has_any_since_revision_2(circumstances):
        yield from _reasons_since_revision_2(question, circumstances)
    if facts.active_infection is True:
        sentence = "An active infection is stated, which is a contraindication on the label."
        yield Reason(code="active_infection", sentence=sentence, readings=("R20",))
    if facts.hypersensitivity is True:
        sentence = "Hypersensitivity to alemtuzumab is stated, which is a contraindication on the label."
        yield Reason(code="hypersensitivity", sentence=sentence, readings=("R20",))
    if contradicting := codes_against_form(question, circumstances):
        sentence = f"Diagnosis code {', '.join(contradicting)} contradicts the stated form of MS."
        yield Reason(code="diagnosis_code_contradicts", citation="1.A.ii", sentence=sentence, readings=("R15",))


def _has_any_since_revision_2(found: Circumstances) -> bool:
    waits = found.entries_waiting or found.lines_without_days
    return bool(found.death_on_record or found.unmet_on_first_dose or found.milligrams is not None or waits)


def _reasons_since_revision_2(question: Question, circumstances: Circumstances) -> Iterator[Reason]:
    """The reasons from the circumstances that revision 2 of the editions added."""
    if circumstances.death_on_record:
        sentence = "The patient's death is on record for this day, so no dose may be used."
        yield Reason(code=DEATH_ON_RECORD, sentence=sentence, readings=("R29",))
    if circumstances.unmet_on_first_dose:
        unmet = ", ".join(map(in_words, circumstances.unmet_on_first_dose))
        sentence = f"On {circumstances.first_dose_on}, the day of the first dose of this request: {unmet}."
        citation = circumstances.unmet_on_first_dose[0].partition(" ")[0]
        yield Reason(code="unmet_on_first_dose", citation=citation, sentence=sentence, readings=("R4",))
    if (waiting := circumstances.entries_waiting) > 0:
        what = "A second entry of one day waits" if waiting == 1 else f"{waiting} second entries of one day wait"
        sentence = f"{what} for a person to say whether it is another dose of the course."
        yield Reason(code=ENTRIES_WAITING, sentence=sentence, readings=("R25",))
    if (lines := circumstances.lines_without_days) > 0:
        what = "A claim line of the course is" if lines == 1 else f"{lines} claim lines of the course are"
        sentence = f"{what} of more than one dose, and the number of infusion days is not stated."
        yield Reason(code=LINES_WITHOUT_DAYS, sentence=sentence, readings=("R25",))
    if circumstances.milligrams is not None:
        yield from _over_milligrams(question, circumstances.milligrams)


def always_referred(question: Question, circumstances: Circumstances) -> tuple[Reason, ...]:
    """The reasons for which every recommendation is clinical review. Under revision 1 there were none."""
    is_always = circumstances.histories_linked or circumstances.death_on_record or circumstances.course_short
    if question.edition.facts_revision == 1 or not is_always:
        return ()
    return tuple(one for one in referral_reasons(question, circumstances) if one.code in ALWAYS_REFERRED)


def _over_milligrams(question: Question, on_record: CourseMilligrams) -> Iterator[Reason]:
    """Yields the reason if the milligrams on record, alone or with the requested days, are too many (R7)."""
    dosing, a_day = question.facts.requested_dosing, question.edition.parameters.mg_per_day
    number, most = on_record.course, a_day * doses_in_course(on_record.course)
    citation = "Dosing.A" if number == 1 else "Dosing.B"
    if on_record.most_in_a_day_mg > a_day:
        sentence = (
            f"On one day of course {number}, up to {on_record.most_in_a_day_mg:g} mg were given by what is on record,"
            f" more than the {a_day:g} mg of one dose."
        )
        yield Reason(code=MILLIGRAMS_OVER_DAY, citation=citation, sentence=sentence, readings=("R7",))
    if dosing.mg_per_day is None or dosing.consecutive_days is None:
        return
    total = on_record.total_mg + dosing.mg_per_day * dosing.consecutive_days
    if total > most:
        sentence = (
            f"Course {number} has {on_record.total_mg:g} mg on record. With the requested days it would have"
            f" {total:g} mg, more than the {most:g} mg of the course."
        )
        yield Reason(code=MILLIGRAMS_OVER_COURSE, citation=citation, sentence=sentence, readings=("R7",))


def dosing_is_decisive(question: Question, reasons: Iterable[Reason]) -> bool:
    """Whether the missing dosing decides between an approval and a referral.

    It does not if there is a referral reason, with one exception: a later course that may still be current (R8). If it
    is not current, that reason and those of its milligrams do not apply, and the regimen is three days.
    """
    if any(not _is_of_later_course(one) for one in reasons):
        return False
    interrupted = _interrupted_later_courses(question)
    if not interrupted:
        return True
    is_certain = len(interrupted) == len(question.possible) and all(one.later_course_is_current for one in interrupted)
    return not is_certain and question.facts.requested_dosing.consecutive_days in (None, doses_in_course(2))


def _is_of_later_course(reason: Reason) -> bool:
    """Whether the reason applies only while a later course is the current one."""
    is_of_milligrams = reason.code in (MILLIGRAMS_OVER_DAY, MILLIGRAMS_OVER_COURSE)
    return reason.code == LATER_COURSE_INTERRUPTED or (is_of_milligrams and reason.citation == "Dosing.B")


def _interrupted_later_courses(question: Question) -> list[TreatmentStatus]:
    """The possible treatments with a later course that was started and may still be current (R8)."""
    if len(question.possible) == 1:
        status = question.possible[0].treatment
        is_open = status.later_course is not None and status.later_course_is_current is not False
        return [status] if is_open else []
    statuses = (one.treatment for one in question.possible)
    return [one for one in statuses if one.later_course is not None and one.later_course_is_current is not False]


def codes_against_form(question: Question, circumstances: Circumstances) -> list[str]:
    """The diagnosis codes that contradict the stated form of MS. Empty if the form is not stated."""
    form = question.facts.ms_form
    codes = [_with_dot(code) for code in circumstances.diagnosis_codes]
    if form in RELAPSING:
        return [code for code in codes if code in NON_RELAPSING_CODES]
    if form in NON_RELAPSING or form == "clinically_isolated_syndrome":
        return [code for code in codes if code in RELAPSING_CODES]
    return []


def _with_dot(code: str) -> str:
    """The code with a dot, as in ICD-10-CM. Claims have it without the dot."""
    plain = code.upper().replace(".", "")
    return f"{plain[:3]}.{plain[3:]}" if len(plain) > 3 else plain


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
    """Notes for the decision maker, which decide nothing (R18, R20)."""
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
    campath = [one.product for one in facts.agents.tried if question.edition.recognize(one.product).kind == "campath"]
    if campath or circumstances.campath_received is True:
        yield "Campath was received. It has the same ingredient but is not counted as Lemtrada (R18)."
    if question.edition.facts_revision > 1:
        unknown = [
            one.product for one in facts.agents.tried if question.edition.recognize(one.product).kind == "unknown"
        ]
        for name in dict.fromkeys(unknown):
            yield f"The agent {name}: {not_recognized(name)} (R12)"
    yield from (STATED_OTHERWISE.get(one, one) for one in circumstances.stated_otherwise)


def planned_day_notes(question: Question, circumstances: Circumstances) -> Iterator[str]:
    """Notes on the age and the interval on the planned day of the first infusion, unless met. Never decisive (R4)."""
    planned = circumstances.planned_first_infusion_on
    if planned is None:
        return
    born, age = question.facts.birth_date, question.edition.parameters.age_min_years
    if born is not None:
        now, then = (years_have_passed(born, age, on=day) for day in (question.as_of, planned))
        if not (now and then):
            yield f"On the planned day of the first infusion, {planned}, age {age} is {_in_words(then)} (R4)."
    status, on_the_day = question.treatment, replace(question, as_of=planned).treatment
    if on_the_day.path == "B" and not (status.interval.passed and on_the_day.interval.passed):
        interval = _in_words(on_the_day.interval.passed)
        yield f"On the planned day of the first infusion, {planned}, the twelve months of 1.B.iv are {interval} (R4)."


def _in_words(reached: bool | None) -> str:
    return {True: "reached", False: "not reached", None: "not known to be reached"}[reached]
