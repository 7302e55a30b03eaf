"""How we read the policy where it is silent or ambiguous: one entry for each reading.

A finding names the readings that it relied on. A plan that reads the policy differently can change the reading here,
and the rule and the test with the same number.
"""

from __future__ import annotations

from typing import NamedTuple


class Reading(NamedTuple):
    """One reading: its number, such as `R1`, the question about the policy, and our answer."""

    number: str
    question: str
    answer: str


READINGS: dict[str, Reading] = {
    number: Reading(number, question, answer)
    for number, question, answer in (
        (
            "R1",
            "Which path?",
            "The patient's history decides, not the provider office. A completed course leads to path B. No"
            " course, or a first course that was not completed, leads to path A. If the history is not known, both"
            " paths are open.",
        ),
        (
            "R2",
            "What are twelve months?",
            "Calendar arithmetic. The anniversary itself counts. The anniversary of February 29 is March 1. There"
            " is no upper limit. Birthdays are counted the same way.",
        ),
        (
            "R3",
            "Twelve months from which day?",
            "From the latest dose of any prior course, no matter who paid for it. A later course that is still"
            " current is not a prior course. If only a range of days is known, it reaches from the latest day that"
            " certainly had a dose to the latest day that any dose of the course may have had. A report without"
            " dates ends on the day on which it was made. If the date is not known, or if the patient was never"
            " treated, the answer is undetermined.",
        ),
        (
            "R4",
            "For which day are age and interval assessed?",
            "For the day of the determination. The planned first infusion is reported separately and never makes"
            " a clause met early. If only time is missing, the answer states the first day on which the clause is"
            " met. A request for doses that were given already is assessed without these doses. Age and interval"
            " are assessed again for the day of its first dose, by what was given before. If either is not met or"
            " not known on that day, a clinician decides instead of an approval.",
        ),
        (
            "R5",
            "Dates known to the month or year",
            "The clause is met if it holds over the whole period, not met if it holds on no day of it, and"
            " otherwise undetermined. A period does not reach past the day on which it was reported. A dose of"
            " this ledger in the course makes its first and last day more exact only where it must.",
        ),
        (
            "R6",
            "When is a course complete?",
            "When the last dose of its regimen is on record: five doses in the first course, three in later"
            " courses. Elapsed time or an approval never completes a course. A partial infusion counts as one dose"
            " day. If reports leave the number open, the course is complete if the least number reaches the"
            " regimen, not complete if the most does not reach it, and otherwise not known.",
        ),
        (
            "R7",
            "First course started, not completed",
            "Path A, however long ago the course was started. The approval is for five doses, and only the doses"
            " that certainly remain in the course may be used. If the number given is a range, the requested days"
            " must fit every number in it. If no number can be stated, as in an assessment without a record, five"
            " days is the policy's quantity. Milligrams are limited too: if a day of the current course has more"
            " than 12 mg, or the course with the requested days would exceed 60 mg (36 mg for a later course), a"
            " clinician decides instead of an approval. A reported dose without milligrams counts as 12 mg.",
        ),
        (
            "R8",
            "Later course started, not completed",
            "Until twelve months after its last dose, it is the current course: path B, with the interval of the"
            " course before it, up to the doses that remain. A clinician decides. From that anniversary on, it is"
            " a prior course.",
        ),
        (
            "R9",
            "Thirty days",
            "Valid through the 30th day, counting the first, from the determination or from a requested start at"
            " most 30 days later. An approval never covers the next course.",
        ),
        (
            "R10",
            "Extension",
            "While an approval is in effect and criteria and dosing are still met: 30 more days from its last"
            " day, after a new assessment that recommends approval. The course in progress under the approval is"
            " not treated as started and not completed.",
        ),
        (
            "R11",
            "Two disease-modifying agents",
            "Two different active ingredients that failed or were not tolerated. A generic name and its brand are"
            " one agent. Brands of one ingredient count once. If counting them separately would reach two, the"
            " criterion is open to judgment. Lemtrada never counts.",
        ),
        (
            "R12",
            "Agents outside the appendix",
            "Agents are matched by ingredient and route. Strength, form, device, salt and frequency are no part of"
            " a name. A known agent that is not listed does not count by itself. If counting it would reach two, the"
            " criterion is open to judgment. A name that is not recognized may be any other agent: it never meets a"
            " clause, and the clause is undetermined where the agent could change it. The answer proposes the nearest"
            " names. Steroids and symptom drugs never count.",
        ),
        (
            "R13",
            "The single agents of 1.A.iii.b",
            "Subcutaneous ofatumumab, oral cladribine, any intravenous natalizumab, either ocrelizumab,"
            " ublituximab. A name that two products share is undetermined.",
        ),
        (
            "R14",
            "Documentation",
            "Required only for 1.A.iii.d(1) to (4). Met with a document that a reviewer found to support the"
            " finding. Stated without such a document: undetermined. If no document exists: not met.",
        ),
        (
            "R15",
            "Relapsing form",
            "From the prescriber's statement. A diagnosis code that contradicts it sends the request to clinical"
            " review. A code that does not state the form is ignored.",
        ),
        (
            "R16",
            "Exclusions",
            "Exclusions override criteria. Unknown is not no.",
        ),
        (
            "R17",
            "Concurrent use",
            "Any other disease-modifying agent that is still taken on the planned day of the first infusion. It"
            " does not apply if the agent is stopped before that day. Starts and stops count by their own days, no"
            " matter who reported them and in which order: a start without a later stop is use that continues, and a"
            " stop ends only what began before it or on its day. Current use without either date is undetermined, and"
            " so are days that are too vague to be ordered.",
        ),
        (
            "R18",
            "Campath",
            "Campath has the same ingredient but is another product, so it does not count as Lemtrada. It is"
            " shown to the decision maker.",
        ),
        (
            "R19",
            "Specialist",
            "The prescriber is a neurologist or a physician specializing in MS, or a named consultation with one"
            " is given. A nurse practitioner or physician assistant needs the consultation.",
        ),
        (
            "R20",
            "Safety statements",
            "Never a reason to deny. A known active infection or hypersensitivity sends an approval to clinical"
            " review. REMS enrollment, PML and age 17 are shown to the decision maker.",
        ),
        (
            "R21",
            "Which policy version?",
            "The version in effect on the day the request was received. Without a request: the version in effect"
            " on the day of the assessment.",
        ),
        (
            "R22",
            "Doses are facts",
            "A dose is recorded even if it should not have been given, and each difference is recorded as a"
            " variance: no approval, a day outside the approval, more doses or milligrams than approved or than the"
            " regimen, days that are not consecutive, two doses on one day, fewer than twelve months, or after"
            " death. Only an impossible entry is refused, and a second dose under a reference that is on record.",
        ),
        (
            "R23",
            "Mistakes",
            "Nothing is edited or deleted. A later event voids or corrects an entry, and both stay visible.",
        ),
        (
            "R24",
            "Which course does a dose belong to?",
            "Its day decides, among the days of all doses on record, in whatever order they were recorded. Within"
            " 30 days after completion, a dose is an excess dose of that course. Later, it starts the next course,"
            " and so does a dose on or after the anniversary of an unfinished later course. The event of the dose"
            " keeps the course that was seen then, and a user can assign a dose to a course. A voided dose keeps"
            " its place for the other doses. It reopens the latest course. An earlier course then lacks a dose,"
            " and later requests go to clinical review.",
        ),
        (
            "R25",
            "Two entries for one day",
            "A second entry for one day, from any source, waits until a user states that it is a separate dose, the"
            " same dose, or part of the same dose, so that milligrams are added to one dose day. Meanwhile it"
            " completes no course, one dose less may be used, and a clinician decides instead of an approval. If the"
            " counted entry is voided or gets another day, the next one counts. A claim line of more than 12 mg is"
            " one dose day or more, at most one for each 12 mg, on its day and on days within 30 days of it that no"
            " other entry has. A user can state how many. A reported dose on the day of a recorded dose is the same"
            " dose. Doses inside a reported course document that course and add none.",
        ),
        (
            "R26",
            "A course that will not be finished",
            "A clinician may close the course. It is then a prior course and leads to path B, where a clinician"
            " decides. The closing settles how many doses count; a dose with an earlier day stays in the closed"
            " course.",
        ),
        (
            "R27",
            "A report of treatment, and our own doses",
            "Reported doses with exact days that differ from ours are counted in addition. Other reported doses may"
            " be ours if their possible days include days of ours, so the number given is a range. No dose of a"
            " report is after the day on which it was reported. A course that is reported as completed has its"
            " whole regimen. A report is refused if it states a completed course of fewer than three doses, an"
            " incomplete course of five or more, more than five doses, or fewer days than doses. A form that only"
            " confirms what is on record adds nothing, and a user may state whether a report is about doses on"
            " record or about others. No definite answer contradicts a history that fits the record.",
        ),
        (
            "R28",
            "Linked histories",
            "Two records of one person are not assessed together. While they are linked, every recommendation about"
            " either is clinical review, also instead of a request for information or a denial, and the other"
            " record is named.",
        ),
        (
            "R29",
            "Death on record",
            "From the day of death, no dose may be used and every recommendation is clinical review. If only the"
            " month or year is known, from the first possible day. Earlier doses are recorded as before. A later"
            " dose is recorded as a variance and needs a review.",
        ),
        (
            "R30",
            "Voided, replaced and denied claims",
            "A void withdraws the claim as evidence and does not prove that no dose was given. If another entry or"
            " report of that day is on record, the dose stays. Otherwise the number given is a range until a user"
            " states that no dose was given, or that it was given and is billed elsewhere. A void without its claim"
            " waits for it. A replacement counts once with its original. A denied line counts nothing and voids"
            " nothing.",
        ),
        (
            "R31",
            "Before the first edition",
            "A request that was received before 2023-11-15 has no assessment, and neither has any appeal of it,"
            " whenever the appeal was received. A clinician may decide it with a rationale, and the edition of the"
            " determination is unknown.",
        ),
    )
}
