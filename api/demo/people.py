"""The people of the demo. All are plainly invented, and the same number always gives the same person."""

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
INFUSION_CENTER: Final = Actor(id="infusion-centre-feed", name="Infusion center feed", role="service")

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
    *(REVIEWER, SECOND_REVIEWER, PHARMACIST, MEDICAL_DIRECTOR, APPEALS_PHYSICIAN, AUDITOR, CLAIMS, INFUSION_CENTER),
    *(office for office, _ in OFFICES),
)
"""The users of a demo that is served."""

USERS_WITH_LINKS: Final = (REVIEWER, MEDICAL_DIRECTOR, APPEALS_PHYSICIAN, OFFICES[0][0], AUDITOR)
"""The users for whom `serve --demo` prints a sign-in link. Each one sees other pages, or may do other things."""

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

# Each pair meets 1.A.iii: two agents failed, or one of the pair is an agent that 1.A.iii.b names.
FAILED_AGENTS: Final = (
    ("Ocrevus", "Tecfidera"),
    ("Tysabri", "Copaxone"),
    ("Kesimpta", "Aubagio"),
    ("Avonex", "Gilenya"),
    ("Mavenclad", "Plegridy"),
)


@dataclass(frozen=True, slots=True)
class SyntheticPatient:
    """A synthetic patient. `number` counts from 1. `round` counts from 0 how often the situation was used before."""

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
        """An adult's birth date, which depends on `number` only."""
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
        """Two agents that failed or were not tolerated. The first was stopped in `year`, the second a year before."""
        first, second = self.one_of(FAILED_AGENTS)
        return (
            StatedAgent(product=first, outcome="inadequate_efficacy", stopped_on=PartialDate(f"{year}-03")),
            StatedAgent(product=second, outcome="significant_intolerance", stopped_on=PartialDate(str(year - 1))),
        )

    def one_of(self, choices: tuple[T, ...]) -> T:
        """The choice that belongs to this number and round."""
        return choices[(self.number + self.round) % len(choices)]

    def spread(self, days: int) -> int:
        """A number of days from 0 to `days`, and 0 in round 0. It varies the dates of a situation that is repeated."""
        return self.round * 7 % (days + 1)
