"""The schemas of the lines of an import. `reference` identifies a line permanently, so it is recorded only once.

The published schema of these lines is `import.schema.json` in this folder. A test checks that it is current.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, StrictInt, TypeAdapter

from domain.calendar import Day, PartialDate
from domain.commands.determinations import PastDetermination
from domain.commands.patient import ChangeLineOfBusiness
from domain.commands.requests import SubmitRequest
from domain.commands.treatment import Milligrams, ReportPriorTreatment
from domain.events.patient import Member
from domain.events.requests import Statement
from domain.events.treatment import DoseSource
from domain.facts import FrozenModel, Name
from domain.people import Prescriber

Reference = Annotated[
    str,
    Field(
        min_length=1, max_length=150, pattern=r"^[\x21-\x7e]+$", description="The reference of the line in its source."
    ),
]

REFERENCE: Final[TypeAdapter[str]] = TypeAdapter(Reference)


class HistoryLine(FrozenModel):
    """A member to add. A member who was added before is not an error."""

    kind: Literal["history"]
    reference: Reference
    member: Member
    name: Name
    birth_date: PartialDate | None = None


class PriorTreatmentLine(ReportPriorTreatment):
    """Treatment that the source did not give itself. An empty list of courses states that there was none."""

    kind: Literal["prior_treatment"]
    reference: Reference
    member: Member


class RequestLine(SubmitRequest):
    """A past request. Leave out what the source does not know; it is then unknown."""

    kind: Literal["request"]
    reference: Reference
    member: Member
    prescriber: Prescriber = Prescriber(name="not on record")
    statement: Statement = Statement()


class DeterminationLine(PastDetermination):
    """The determination of the source on the request of the line `request`. `edition` may be `unknown`."""

    kind: Literal["determination"]
    reference: Reference
    member: Member
    request: Annotated[Reference, Field(description="The reference of the line of the request, in the same source.")]


class DoseLine(FrozenModel):
    """One infusion that was given."""

    kind: Literal["dose"]
    reference: Reference
    member: Member
    on: Day
    mg: Milligrams
    site: Name | None = None
    source: DoseSource = "other"


class CoverageLine(ChangeLineOfBusiness):
    """The coverage from a day on: its line of business, and its state and funding if the source knows them."""

    kind: Literal["coverage"]
    reference: Reference
    member: Member


class ClaimLine(FrozenModel):
    """One line of a claim. HCPCS J0202 counts milligrams, so 12 units are one dose."""

    kind: Literal["claim"]
    reference: Reference
    member: Member
    on: Day
    hcpcs: Literal["J0202"]
    units: Annotated[StrictInt, Field(ge=1, le=1_000)]


ImportLine = Annotated[
    HistoryLine | PriorTreatmentLine | RequestLine | DeterminationLine | DoseLine | ClaimLine | CoverageLine,
    Field(discriminator="kind"),
]
LINE: Final[TypeAdapter[Any]] = TypeAdapter(ImportLine)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of one line."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:lemtrada-ledger:schema:import-line:1",
        "title": "One line of an import into the Lemtrada authorization ledger",
        **LINE.json_schema(),
    }
