"""The policy pages: the clauses in paraphrase, the readings that each relies on, and small examples."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from api.identity.caller import CallerOfRequest
from api.pages.policy.clause_examples import ASSESSED_ON, assessed_examples
from api.pages.rendering import PREFIX, rendered
from api.routes.dependencies import EditionKey, edition_of
from api.text.clause import explain, outline
from domain.calendar import Day
from domain.policy.edition import Edition
from domain.policy.editions import EDITIONS, edition_for
from domain.policy.readings import READINGS

router = APIRouter(include_in_schema=False)

HERE: Final = f"{PREFIX}/policy"
Citation = Annotated[str, Path(max_length=40)]

DIFFERS: Final = {
    "2024-10-16": "Extavia was still in the appendix, and the title was shorter.",
    "2024-10-09": (
        "1.A.iii.b asked only for previous use of one of a shorter list of agents, Lemtrada among them, so there was"
        " no 1.A.iii.c; Ocrevus Zunovo was in the appendix, and not in that list."
    ),
    "2023-11-15": "Ocrevus Zunovo was not yet in the appendix.",
}
"""How an edition differs from the next newer one, in paraphrase."""


@router.get(HERE)
def policy_page(request: Request, _: CallerOfRequest, edition: EditionKey = None) -> Response:
    """The outline of an edition, indented as in the policy."""
    chosen = _edition(request, edition)
    return rendered(
        request,
        "policy/clauses.html.j2",
        edition=chosen,
        editions=EDITIONS,
        differs=DIFFERS,
        outline=list(outline(chosen)),
        clauses=chosen.by_citation,
    )


@router.get(f"{HERE}/readings")
def readings_page(request: Request, _: CallerOfRequest) -> Response:
    """The readings of the policy where its text leaves a question open, and the clauses that rely on each."""
    relying = {
        number: [citation for citation, node in EDITIONS[0].by_citation.items() if number in node.readings]
        for number in READINGS
    }
    return rendered(request, "policy/readings.html.j2", readings=list(READINGS.values()), relying=relying)


@router.get(f"{HERE}/{{citation}}")
def clause_page(request: Request, _: CallerOfRequest, citation: Citation, edition: EditionKey = None) -> Response:
    """One clause. Raises NotFound, which names similar clauses, for a citation that the edition does not have."""
    chosen = _edition(request, edition)
    explained = explain(citation, chosen)
    return rendered(
        request,
        "policy/clause.html.j2",
        told=explained,
        edition=chosen,
        editions=EDITIONS,
        above=_ancestors(explained.citation, chosen),
        examples=list(assessed_examples(explained.citation, chosen)),
        judged_on=ASSESSED_ON,
    )


def _edition(request: Request, key: Day | None) -> Edition:
    """The edition that the address names, or else the edition that is in effect today."""
    return edition_of(key) or edition_for(request.app.state.ledger.today())


def _ancestors(citation: str, edition: Edition) -> list[str]:
    """The clauses that contain the clause, outermost first."""
    return [
        other for other in edition.by_citation if other != citation and citation.startswith((f"{other}.", f"{other}("))
    ]
