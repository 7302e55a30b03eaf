"""How we read the policy where it is silent or ambiguous: one note a reading.

A finding that relied on a reading names its number, so that a plan which reads differently
can see it here, change it, and change the rule and the test that carry the same number.
"""

from __future__ import annotations

from typing import NamedTuple


class Reading(NamedTuple):
    number: str
    question: str
    answer: str


READINGS: dict[str, Reading] = {
    number: Reading(number, question, answer)
    for number, question, answer in (
        (
            "R1",
            "Which path?",
            "The history decides, never the requester: a completed course leads to B; none, or a"
            " first course not completed, to A. An unknown history leaves both open.",
        ),
        (
            "R2",
            "What are twelve months?",
            "Calendar arithmetic; the anniversary itself counts; from 29 February it is"
            " 1 March. No upper limit. Birthdays are counted the same way.",
        ),
        (
            "R3",
            "Twelve months from which day?",
            "From the latest dose of any prior course, whoever paid. A later course"
            " that is still current is not prior. No known date, or never treated: undetermined.",
        ),
        (
            "R4",
            "On which day are age and interval judged?",
            "On the determination day. The planned first infusion is"
            " reported beside it and never makes a clause met early; what time will cure carries the day.",
        ),
        (
            "R5",
            "Dates known to the month or year",
            "Met if the clause holds over the whole range, not met if over none of it, otherwise undetermined.",
        ),
        (
            "R6",
            "When is a course complete?",
            "When the last dose of its regimen is on record: five in the first, three"
            " in later ones. Never by elapsed time or by an approval. A partial infusion is a dose day.",
        ),
        (
            "R7",
            "First course started, not completed",
            "Path A, however long ago. The approval is for five doses; what the"
            " course has left caps their use. With the number given unknown, five days is the policy's quantity.",
        ),
        (
            "R8",
            "Later course started, not completed",
            "Until twelve months after its last dose it is the current course:"
            " path B, the interval judged on the course before it, up to the doses left; a clinician decides. From that"
            " anniversary on it is a prior course.",
        ),
        (
            "R9",
            "Thirty days",
            "Valid through the 30th day, the first counted, from the determination or a requested"
            " start at most 30 days later. An approval never covers the next course.",
        ),
        (
            "R10",
            "Extension",
            "While an approval is in force and criteria and dosing are still met: 30 more days from its"
            " last day, after a fresh assessment that recommends approval. The course in progress under it is not"
            " read as started and not completed.",
        ),
        (
            "R11",
            "Two disease-modifying agents",
            "Two different active ingredients that failed or were not tolerated."
            " Brands of one ingredient count once; where counting them apart would reach two, the leaf is arguable."
            " Lemtrada never counts.",
        ),
        (
            "R12",
            "Agents outside the appendix",
            "Matched on ingredient and route. An agent that is not listed, or not"
            " known, does not count by itself; where counting it would reach two, the leaf is arguable. Steroids and"
            " symptom drugs never count.",
        ),
        (
            "R13",
            "The single agents of 1.A.iii.b",
            "Subcutaneous ofatumumab, oral cladribine, any intravenous natalizumab,"
            " either ocrelizumab, ublituximab. A bare name that two products share is undetermined.",
        ),
        (
            "R14",
            "Documentation",
            "Required for 1.A.iii.d(1) to (4) and nowhere else: met with a document that a person"
            " found to support the finding; asserted without one, undetermined; none exists, not met.",
        ),
        (
            "R15",
            "Relapsing form",
            "From the prescriber's statement. A diagnosis code that contradicts it sends the request"
            " to a clinician; a code that says nothing is left aside.",
        ),
        ("R16", "Exclusions", "They beat criteria. Unknown is not no."),
        (
            "R17",
            "Concurrent use",
            "Any other disease-modifying agent still taken on the planned first infusion day. A"
            " stop date before it clears it; current use with neither date is undetermined.",
        ),
        ("R18", "Campath", "The same ingredient as another product: not Lemtrada received. Shown, not counted."),
        (
            "R19",
            "Specialist",
            "The prescriber is a neurologist or a physician specializing in MS, or a named consultation"
            " with one is given. A nurse practitioner or physician assistant needs the consultation.",
        ),
        (
            "R20",
            "Safety statements",
            "Never a reason to deny. A known active infection or hypersensitivity sends an"
            " approval to a clinician; enrolment, PML and age 17 are shown to the person deciding.",
        ),
        (
            "R21",
            "Which edition?",
            "The one in force on the day the request was received; without a request, on the day of judgement.",
        ),
        (
            "R22",
            "Doses are facts",
            "Recorded even if they should not have been given; each departure is a named variance."
            " Refused is only the impossible.",
        ),
        ("R23", "Mistakes", "Nothing is edited or deleted: a later event voids or corrects, and both stay visible."),
        (
            "R24",
            "Which course does a dose belong to?",
            "Its event names it. Within 30 days after completion it is an"
            " excess dose of that course; later it opens the next. A voided dose reopens the latest course; an earlier"
            " one is short and sends later requests to a clinician.",
        ),
        (
            "R25",
            "Two reports of one dose",
            "A second report for one day from another source is not counted until a person"
            " says that it is separate. Doses inside a reported course document it and add none.",
        ),
        (
            "R26",
            "A course that will not be finished",
            "A clinician may close it; it is then a prior course and leads to B, where a clinician decides.",
        ),
    )
}
