"""Who may decide an appeal: nobody who took part in what is appealed, nor anyone below them; who may uphold it.

Upholding takes a physician of the same or a similar specialty as the prescriber or the
condition; a pharmacist may overturn, and cannot uphold.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from domain.errors import NotPermitted
from domain.history.records import Appeal, Request
from domain.history.state import PatientHistory
from domain.people import Actor

SIMILAR_SPECIALTIES: Final = frozenset(
    {
        "neurology",
        "neurologist",
        "clinical neurology",
        "child neurology",
        "pediatric neurology",
        "neuroimmunology",
        "neuroimmunologist",
        "neuro ophthalmology",
        "multiple sclerosis",
        "multiple sclerosis specialist",
        "ms",
        "ms specialist",
    }
)
"""Those that manage multiple sclerosis, as `normalised` writes them; a plan adds its own names here.

The prescriber is of one of them, or asked after consulting one who is (1.A.iv, 1.B.v).
"""


def check_independent(actor: Actor, history: PatientHistory, appeal: Appeal, *, field: str = "actor") -> None:
    """Raise NotPermitted where this person took part in what is appealed, or reports to one who did."""
    if (refusal := why_not_independent(actor, history, appeal, field=field)) is not None:
        raise refusal


def why_not_independent(
    actor: Actor, history: PatientHistory, appeal: Appeal, *, field: str = "actor"
) -> NotPermitted | None:
    """The refusal of somebody who took part in what is appealed, or reports to one who did.

    An imported determination names its decider by name alone, so the name is compared as well.
    """
    request = history.request(appeal.request_id)
    assert request is not None, "an appeal belongs to a request on record"
    took_part = {one.id for one in _took_part(history, request, appeal)}
    if actor.id in took_part or _spoken(actor.name) in _named(request):
        return NotPermitted(
            "this user took part in the determination under appeal",
            field=f"{field}.id",
            remedy="assign the appeal to a reviewer who was not involved in the determination and is not a subordinate "
            "of anyone involved",
        )
    if took_part & set(actor.reports_to):
        return NotPermitted(
            "this user is a subordinate of a person who took part in the determination under appeal",
            field=f"{field}.reports_to",
            remedy="assign the appeal to a reviewer who is not their subordinate",
        )
    return None


def check_uphold(actor: Actor) -> None:
    """Raise NotPermitted unless this is a physician of the same or a similar specialty."""
    if (refusal := why_not_uphold(actor)) is not None:
        raise refusal


def why_not_uphold(actor: Actor) -> NotPermitted | None:
    """The refusal of anybody but a physician of the same or a similar specialty."""
    if actor.credential != "physician":
        return NotPermitted(
            f"a {actor.credential.replace('_', ' ')} may overturn a denial but may not uphold one",
            field="actor.credential",
            remedy="assign the appeal to a physician of the same or a similar specialty",
        )
    if actor.specialty is None or normalised(actor.specialty) not in SIMILAR_SPECIALTIES:
        return NotPermitted(
            "only a physician of a specialty that is the same as or similar to the prescriber's, or that manages "
            "the condition, may uphold a denial",
            field="actor.specialty",
            remedy="assign the appeal to a physician who specializes in neurology or multiple sclerosis",
        )
    return None


def normalised(specialty: str) -> str:
    """A specialty as the table writes it.

    >>> normalised(" MS_Specialist ")
    'ms specialist'
    """
    return " ".join(specialty.casefold().replace("_", " ").replace("-", " ").split())


def _took_part(history: PatientHistory, request: Request, appeal: Appeal) -> Iterator[Actor]:
    """Everyone who worked towards what was decided, and who decided the appeals before this one."""
    yield from request.took_part
    for earlier in history.appeals:
        is_earlier = earlier.request_id == appeal.request_id and earlier.filed_version < appeal.filed_version
        if is_earlier and earlier.decided_by is not None:
            yield earlier.decided_by


def _named(request: Request) -> set[str]:
    return {
        _spoken(one.past.decided_by)
        for one in request.decisions
        if one.past is not None and one.past.decided_by is not None
    }


def _spoken(name: str) -> str:
    return " ".join(name.casefold().split())
