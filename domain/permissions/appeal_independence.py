"""Who may decide an appeal, and who may uphold a denial.

A person who took part in the determination under appeal may not decide the appeal, and neither may a subordinate of
such a person. Only a physician of the same or a similar specialty as the prescriber or the condition may uphold a
denial. A pharmacist may overturn a denial, but may not uphold one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from domain.comparison import same_name
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
"""The specialties that manage multiple sclerosis, as `normalized` returns them. A plan adds its own names here.

The prescriber has one of these specialties, or consulted a specialist who does (1.A.iv, 1.B.v).
"""


def check_independent(actor: Actor, history: PatientHistory, appeal: Appeal, *, field: str = "actor") -> None:
    """Raises NotPermitted if this person is not independent of the determination under appeal.

    The person took part in the determination, or is a subordinate of a person who did.
    """
    if (refusal := why_not_independent(actor, history, appeal, field=field)) is not None:
        raise refusal


def why_not_independent(
    actor: Actor, history: PatientHistory, appeal: Appeal, *, field: str = "actor"
) -> NotPermitted | None:
    """Why this person may not decide the appeal for lack of independence; None if the person may.

    `field` is the field of the command that names the person. An imported determination states its decision maker only
    by name, so names are compared as well as ids.
    """
    request = history.request(appeal.request_id)
    assert request is not None, "an appeal belongs to a request on record"
    participant_ids = {one.id for one in _participants(history, request, appeal)}
    if actor.id in participant_ids or any(same_name(actor.name, one) for one in _decider_names(request)):
        return NotPermitted(
            "this user took part in the determination under appeal",
            field=f"{field}.id",
            remedy="assign the appeal to a reviewer who was not involved in the determination and is not a subordinate "
            "of anyone involved",
        )
    if participant_ids & set(actor.reports_to):
        return NotPermitted(
            "this user is a subordinate of a person who took part in the determination under appeal",
            field=f"{field}.reports_to",
            remedy="assign the appeal to a reviewer who is not their subordinate",
        )
    return None


def check_uphold(actor: Actor) -> None:
    """Raises NotPermitted unless this person is a physician of the same or a similar specialty."""
    if (refusal := why_not_uphold(actor)) is not None:
        raise refusal


def why_not_uphold(actor: Actor) -> NotPermitted | None:
    """Why this person may not uphold a denial; None for a physician of the same or a similar specialty."""
    if actor.credential != "physician":
        return NotPermitted(
            f"a {actor.credential.replace('_', ' ')} may overturn a denial but may not uphold one",
            field="actor.credential",
            remedy="assign the appeal to a physician of the same or a similar specialty",
        )
    if actor.specialty is None or normalized(actor.specialty) not in SIMILAR_SPECIALTIES:
        return NotPermitted(
            "only a physician of a specialty that is the same as or similar to the prescriber's, or that manages "
            "the condition, may uphold a denial",
            field="actor.specialty",
            remedy="assign the appeal to a physician who specializes in neurology or multiple sclerosis",
        )
    return None


def normalized(specialty: str) -> str:
    """A specialty as the table spells it.

    >>> normalized(" MS_Specialist ")
    'ms specialist'
    """
    return " ".join(specialty.casefold().replace("_", " ").replace("-", " ").split())


def _participants(history: PatientHistory, request: Request, appeal: Appeal) -> Iterator[Actor]:
    """Everyone who took part in the determination, and everyone who decided an earlier appeal of the request."""
    yield from request.took_part
    for earlier in history.appeals:
        is_earlier = earlier.request_id == appeal.request_id and earlier.filed_version < appeal.filed_version
        if is_earlier and earlier.decided_by is not None:
            yield earlier.decided_by


def _decider_names(request: Request) -> set[str]:
    """The names of those who decided imported determinations of the request."""
    return {
        one.past.decided_by for one in request.decisions if one.past is not None and one.past.decided_by is not None
    }
