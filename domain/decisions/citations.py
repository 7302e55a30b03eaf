"""What may be cited: clauses of the edition, and where the policy speaks against the request, one that does."""

from __future__ import annotations

from domain.errors import InvalidCommand
from domain.policy.answers import MET, NOT_MET
from domain.policy.assessment import NOT_LISTED, Assessment, Finding, speaking_against
from domain.policy.editions import edition_named


def check_known(citing: tuple[str, ...], assessment: Assessment) -> None:
    """Raise InvalidCommand where the edition lacks one of them; it is not repeated, for it may be anything."""
    if not {one.citation for one in assessment.findings}.issuperset(citing):
        raise InvalidCommand(
            f"edition {assessment.edition} does not contain every cited clause",
            field="citing",
            remedy="cite clauses as the assessment lists them, for example 1.B.iv",
        )


def check_citing(citing: tuple[str, ...], assessment: Assessment) -> None:
    """Raise InvalidCommand unless it names the specific criterion: clauses of the edition, one of them against.

    Where the policy does not speak against the request, any of its clauses may be cited.
    """
    if not citing:
        raise InvalidCommand(
            "no criterion is cited, and a denial must cite a specific criterion",
            field="citing",
            remedy="cite the deciding clause, for example 1.B.iv",
        )
    check_known(citing, assessment)
    against = speaking_against(assessment, edition_named(assessment.edition))
    decisive = [one for one in citing if one == NOT_LISTED or any(_lies_under(leaf, one) for leaf in against)]
    if assessment.recommendation == "not_recommended" and not decisive:
        raise InvalidCommand(
            "no cited clause is a reason to deny the request",
            field="citing",
            clause=citing[0],
            remedy=f"cite at least one of {', '.join(against)}",
        )


def denial_departs(citing: tuple[str, ...], assessment: Assessment) -> bool:
    """Whether a denial on these clauses is not what the policy recommends."""
    # Citing only what speaks for the request is the clinician's own judgement, not the policy's.
    in_favour = all(_speaks_for(assessment.finding(one)) for one in citing)
    return assessment.recommendation in ("approve", "pend") or in_favour


def approval_departs(assessment: Assessment) -> bool:
    """Whether an approval is not what the policy recommends, nor one that it leaves to a clinician."""
    return assessment.recommendation in ("pend", "not_recommended")


def _speaks_for(finding: Finding) -> bool:
    return finding.answer is (NOT_MET if finding.citation.startswith("NR.") else MET)


def _lies_under(leaf: str, citation: str) -> bool:
    return leaf == citation or leaf.startswith((f"{citation}.", f"{citation}("))
