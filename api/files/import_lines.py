"""The schemas of the lines of an import. `reference` identifies a line permanently, so it is recorded only once.

The published schema of these lines is `import.schema.json` in this folder. A test checks that it is current.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, TypeAdapter

from api.files.claim_fields import ClaimStatus, FrequencyCode, Units
from domain.calendar import Day, Instant, PartialDate
from domain.commands.determinations import PastDetermination
from domain.commands.patient import ChangeLineOfBusiness, StatedMember
from domain.commands.requests import SubmitRequest
from domain.commands.treatment import Milligrams, ReportPriorTreatment
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
    """A member to add. A member who was added before is not an error, and must have the name and birth date on record.

    `first_day` is only needed if the member ID identified another person before.
    """

    kind: Literal["history"]
    reference: Reference
    member: StatedMember
    name: Name
    birth_date: PartialDate | None = None
    first_day: Day | None = None


class PriorTreatmentLine(ReportPriorTreatment):
    """Treatment that the source did not give itself. An empty list of courses states that there was none."""

    kind: Literal["prior_treatment"]
    reference: Reference
    member: StatedMember


class RequestLine(SubmitRequest):
    """A past request. Leave out what the source does not know; it is then unknown."""

    kind: Literal["request"]
    reference: Reference
    member: StatedMember
    received_at: Instant
    prescriber: Prescriber = Prescriber(name="not on record")
    statement: Statement = Statement()


class DeterminationLine(PastDetermination):
    """The determination of the source on the request of the line `request`. `edition` may be `unknown`."""

    kind: Literal["determination"]
    reference: Reference
    member: StatedMember
    request: Annotated[Reference, Field(description="The reference of the line of the request, in the same source.")]


class DoseLine(FrozenModel):
    """One infusion that was given."""

    kind: Literal["dose"]
    reference: Reference
    member: StatedMember
    on: Day
    mg: Milligrams
    site: Name | None = None
    source: DoseSource = "other"


class CoverageLine(ChangeLineOfBusiness):
    """The coverage from a day on: its line of business, and its state and funding if the source knows them."""

    kind: Literal["coverage"]
    reference: Reference
    member: StatedMember


def _upper_case(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


class ClaimFields(FrozenModel):
    """The fields of one line of a claim, the same in an import and in the API."""

    reference: Reference
    on: Annotated[
        Day | None,
        Field(description="The day of service. Only a void that names its `original_reference` may leave it out."),
    ] = None
    hcpcs: Annotated[
        Literal["J0202"],
        BeforeValidator(_upper_case),
        Field(description="The HCPCS code of alemtuzumab, 1 mg, in any case."),
    ]
    units: Units
    frequency_code: Annotated[
        FrequencyCode | None,
        Field(description="The claim frequency code of X12 837: 1 original, 7 replacement, 8 void. Default: 1."),
    ] = None
    claim_status: Annotated[
        ClaimStatus | None,
        Field(
            description="What became of the line: `paid`, `denied` (billed, not paid), or `void` (voided, reversed, "
            "canceled), in any case. Any other status is refused. Default: paid."
        ),
    ] = None
    original_reference: Annotated[
        Reference | None,
        Field(description="The reference of the claim that the line replaces or voids (REF F8 of X12 837)."),
    ] = None
    source: Annotated[
        DoseSource,
        Field(description="The source of the dose entry that the line records, replaces or voids. Default: claim."),
    ] = "claim"


class ClaimLine(ClaimFields):
    """One line of a claim: an original, a replacement, a void, or a denied line."""

    kind: Literal["claim"]
    member: StatedMember


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
