"""Who appears in the demo: plainly invented people, the same ones for the same number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, TypeVar

from domain.calendar import PartialDate
from domain.events.patient import LineOfBusiness, Member
from domain.events.requests import StatedAgent
from domain.people import Actor, Prescriber

T = TypeVar("T")

REVIEWER: Final = Actor(id="rosa.reviewer", name="Rosa Pretend, RN", role="reviewer", credential="nurse")
SECOND_REVIEWER: Final = Actor(id="olaf.reviewer", name="Olaf Pretend, RN", role="reviewer", credential="nurse")
PHARMACIST: Final = Actor(id="paul.pharmacist", name="Paul Invented, PharmD", role="clinician", credential="pharmacist")
MEDICAL_DIRECTOR: Final = Actor(
    id="dora.director", name="Dora Invented, MD", role="clinician", credential="physician", specialty="neurology"
)
APPEALS_PHYSICIAN: Final = Actor(
    id="anna.appeals",
    name="Anna Invented, MD",
    role="appeals_clinician",
    credential="physician",
    specialty="neurology",
)
AUDITOR: Final = Actor(id="amos.auditor", name="Amos Pretend", role="auditor")
IMPORT: Final = Actor(id="import", name="Import from the previous plan (made up)", role="reviewer")
CLAIMS: Final = Actor(id="claims-feed", name="Claims feed", role="service")
INFUSION_CENTRE: Final = Actor(id="infusion-centre-feed", name="Infusion center feed", role="service")

OFFICES: Final = (
    (
        Actor(id="office.north", name="Practice North (made up)", role="requester"),
        Prescriber(name="Dr. Nora Fictitious", specialty="neurology"),
    ),
    (
        Actor(id="office.south", name="Practice South (made up)", role="requester"),
        Prescriber(name="Dr. Ivo Fictitious", specialty="ms_specialist"),
    ),
    (
        Actor(id="office.west", name="Practice West (made up)", role="requester"),
        Prescriber(name="Dr. Wanda Fictitious", specialty="neurology"),
    ),
)
STAFF: Final = (
    *(REVIEWER, SECOND_REVIEWER, PHARMACIST, MEDICAL_DIRECTOR, APPEALS_PHYSICIAN, AUDITOR, CLAIMS, INFUSION_CENTRE),
    *(office for office, _ in OFFICES),
)
"""Who may sign in where the demo is served."""

SHOWN_AROUND: Final = (REVIEWER, MEDICAL_DIRECTOR, APPEALS_PHYSICIAN, OFFICES[0][0], AUDITOR)
"""For whom it prints a link: each sees other pages, or may do other things."""

SITES: Final = ("Made-up Infusion Center East", "Made-up Infusion Center West", "Example Hospital, day ward")
LINES_OF_BUSINESS: Final[tuple[LineOfBusiness, ...]] = ("commercial", "medicare_advantage", "medicaid")

FIRST_NAMES: Final = (
    "Alma", "Bruno", "Clara", "Dario", "Edda", "Falk", "Greta", "Hugo", "Ines", "Jonas", "Kira", "Leo", "Mila",
    "Nils", "Olga", "Piet", "Runa", "Sven", "Tilda", "Uwe", "Vera", "Wim", "Yara",
)  # fmt: skip
LAST_NAMES: Final = (
    "Synthetic", "Example", "Sample", "Placeholder", "Madeup", "Imaginary", "Nonexistent", "Specimen", "Demo",
    "Fictional",
)  # fmt: skip

# Each pair meets 1.A.iii: two agents that failed, or one of them of the named kind.
FAILED_AGENTS: Final = (
    ("Ocrevus", "Tecfidera"),
    ("Tysabri", "Copaxone"),
    ("Kesimpta", "Aubagio"),
    ("Avonex", "Gilenya"),
    ("Mavenclad", "Plegridy"),
)


@dataclass(frozen=True, slots=True)
class SyntheticPatient:
    """A synthetic patient. `number` counts from 1; `round` how often her situation was told before."""

    number: int
    round: int

    @property
    def member(self) -> Member:
        return Member(member_id=f"DEMO-{self.number:04}")

    @property
    def name(self) -> str:
        return f"{FIRST_NAMES[self.number % len(FIRST_NAMES)]} {self.one_of(LAST_NAMES)}"

    @property
    def birth_date(self) -> PartialDate:
        """Adults of every age, the same for the same number."""
        return PartialDate.of(date(1958 + self.number * 17 % 41, 1 + self.number * 5 % 12, 1 + self.number * 11 % 28))

    @property
    def office(self) -> Actor:
        return self.one_of(OFFICES)[0]

    @property
    def prescriber(self) -> Prescriber:
        return self.one_of(OFFICES)[1]

    @property
    def reviewer(self) -> Actor:
        return self.one_of((REVIEWER, SECOND_REVIEWER))

    def failed_agents(self, year: int) -> tuple[StatedAgent, ...]:
        """Two agents that did not work out, both stopped by `year`."""
        first, second = self.one_of(FAILED_AGENTS)
        return (
            StatedAgent(product=first, outcome="inadequate_efficacy", stopped_on=PartialDate(f"{year}-03")),
            StatedAgent(product=second, outcome="significant_intolerance", stopped_on=PartialDate(str(year - 1))),
        )

    def one_of(self, choices: tuple[T, ...]) -> T:
        return choices[(self.number + self.round) % len(choices)]

    def spread(self, days: int) -> int:
        """0 to `days`, and 0 the first time: how a situation told again differs in its dates."""
        return self.round * 7 % (days + 1)
