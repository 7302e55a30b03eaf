"""Answers of projections as a viewer is shown them: each version of the history has the number that the viewer sees.

Projections answer with the versions themselves. A user who sees the whole record is shown them unchanged.
"""

from __future__ import annotations

from typing import TypeVar

from domain.permissions.views import ShownVersions
from projections.courses import Courses
from projections.eligibility import Eligibility
from projections.request_status import AppealView, DecisionView, RequestLife

OfHistory = TypeVar("OfHistory", Eligibility, Courses)


def history_shown(answer: OfHistory, versions: ShownVersions) -> OfHistory:
    """An answer about the newest of these versions."""
    return answer.model_copy(update={"history_version": versions.current})


def decision_shown(decision: DecisionView, versions: ShownVersions) -> DecisionView:
    return decision.model_copy(update={"version": versions.shown(decision.version)})


def appeal_shown(appeal: AppealView, versions: ShownVersions) -> AppealView:
    return appeal.model_copy(update={"decision_version": versions.shown(appeal.decision_version)})


def life_shown(life: RequestLife, versions: ShownVersions) -> RequestLife:
    """The status of a request, with its determinations and its appeals."""
    decisions = tuple(decision_shown(one, versions) for one in life.decisions)
    appeals = tuple(appeal_shown(one, versions) for one in life.appeals)
    return life.model_copy(update={"decisions": decisions, "appeals": appeals})
