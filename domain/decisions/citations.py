"""Which clauses a decision may cite: clauses of the edition, and in a denial, one that supports it if there is one."""

from __future__ import annotations

from domain.errors import InvalidCommand
from domain.policy.answers import MET, NOT_MET
from domain.policy.assessment import NOT_LISTED, Assessment, Finding
from domain.policy.denial_citations import denial_citations
from domain.policy.editions import edition_named


def check_known(citing: tuple[str, ...], assessment: Assessment | None) -> None:
    """Raises InvalidCommand if the edition lacks a cited clause. Without an assessment, no edition is known (R31).

    The error does not repeat the clause, which is free text.
    """
    if assessment is not None and not {one.citation for one in assessment.findings}.issuperset(citing):
        raise InvalidCommand(
            f"edition {assessment.edition} does not contain every cited clause",
            field="citing",
            remedy="cite clauses as the assessment lists them, for example 1.B.iv",
        )


def check_citing(citing: tuple[str, ...], assessment: Assessment | None) -> None:
    """Raises InvalidCommand unless a denial cites clauses of the edition.

    If the recommendation is `not_recommended`, at least one cited clause must be a reason for it. Otherwise, any clause
    of the edition may be cited.
    """
    if not citing:
        raise InvalidCommand(
            "no criterion is cited, and a denial must cite a specific criterion",
            field="citing",
            remedy="cite the deciding clause, for example 1.B.iv",
        )
    if assessment is None:
        return
    check_known(citing, assessment)
    against = denial_citations(assessment, edition_named(assessment.edition))
    decisive = [one for one in citing if one == NOT_LISTED or any(_is_within(leaf, one) for leaf in against)]
    if assessment.recommendation == "not_recommended" and not decisive:
        raise InvalidCommand(
            "no cited clause is a reason to deny the request",
            field="citing",
            clause=citing[0],
            remedy=f"cite at least one of {', '.join(against)}",
        )


def denial_departs(citing: tuple[str, ...], assessment: Assessment) -> bool:
    """Whether a denial on these clauses is not what the policy recommends."""
    # If all cited clauses support the request, the denial is the clinician's own judgment, not the policy's.
    supports_request = all(_supports_request(assessment.finding(one)) for one in citing)
    return assessment.recommendation in ("approve", "pend") or supports_request


def approval_departs(assessment: Assessment) -> bool:
    """Whether an approval is neither what the policy recommends nor what the policy leaves to a clinician."""
    return assessment.recommendation in ("pend", "not_recommended")


def _supports_request(finding: Finding) -> bool:
    """Whether the finding supports the request.

    It does if a criterion is met, or if a "not recommended" clause (NR) does not apply.
    """
    return finding.answer is (NOT_MET if finding.citation.startswith("NR.") else MET)


def _is_within(leaf: str, citation: str) -> bool:
    """Whether the clause `leaf` is `citation`, or is a part of it."""
    return leaf == citation or leaf.startswith((f"{citation}.", f"{citation}("))
