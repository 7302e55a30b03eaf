"""The people who took part in a case, their credentials, and whether the appeal reviewers were independent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from domain.errors import NotPermitted, as_sentence
from domain.events import PatientEvent
from domain.events.appeals import AppealAssigned, AppealDecided
from domain.facts import FrozenModel
from domain.history.records import Appeal
from domain.history.state import PatientHistory
from domain.people import Actor, ConsultationGiven, Prescriber
from domain.permissions.appeal_independence import check_independent, check_uphold

Participation = Literal["worked towards the determination", "worked on the appeal", "recorded facts"]


class Deed(FrozenModel):
    """One event that a participant recorded."""

    version: int
    title: str


class Participant(FrozenModel):
    """A person who recorded an event or is assigned to the appeal, as named in their latest event."""

    actor: Actor
    parts: tuple[Participation, ...]
    deeds: tuple[Deed, ...]


class Independence(FrozenModel):
    """Whether a person who was assigned to the appeal, or decided it, was independent.

    Independence is evaluated again from what was on record before that event.
    """

    actor: Actor
    version: int
    did: Literal["assigned", "decided"]
    is_independent: bool
    sentence: str


class Outsider(FrozenModel):
    """A party outside of the plan.

    It is the prescriber, a consulted specialist, the filer of the appeal, a representative, or the external reviewer.
    """

    name: str
    part: str


def participants(
    events: Iterable[PatientEvent], history: PatientHistory, appeal: Appeal, then: PatientHistory
) -> tuple[Participant, ...]:
    """Returns everyone who recorded an event, or is assigned to the appeal, in the order of their first event.

    `then` is the history before the appeal was decided: work on the appeal is not part of the determination under
    appeal.
    """
    request = then.request(appeal.request_id)
    decision_makers = {one.id for one in request.took_part} if request is not None else set()
    deeds: dict[str, list[Deed]] = {}
    latest: dict[str, Actor] = {}
    on_the_appeal: set[str] = set()
    for event in events:
        latest[event.actor.id] = event.actor
        deeds.setdefault(event.actor.id, []).append(Deed(version=event.originator_version, title=event.TITLE))
        if getattr(event, "appeal_id", None) == appeal.appeal_id:
            on_the_appeal.add(event.actor.id)
    current = history.appeal(appeal.appeal_id)
    if current is not None and current.assigned_to is not None:
        latest.setdefault(current.assigned_to.id, current.assigned_to)
        on_the_appeal.add(current.assigned_to.id)
    return tuple(
        Participant(
            actor=actor,
            parts=tuple(_parts(identifier in decision_makers, identifier in on_the_appeal)),
            deeds=tuple(deeds.get(identifier, ())),
        )
        for identifier, actor in latest.items()
    )


def _parts(on_the_determination: bool, on_the_appeal: bool) -> Iterator[Participation]:
    if on_the_determination:
        yield "worked towards the determination"
    if on_the_appeal:
        yield "worked on the appeal"
    if not on_the_determination and not on_the_appeal:
        yield "recorded facts"


def independence(
    events: Sequence[PatientEvent], versions: Sequence[PatientHistory], appeal_id: str
) -> tuple[Independence, ...]:
    """Returns the independence of everyone to whom the appeal was assigned, and of the person who decided it."""
    return tuple(
        _independence_at(event, versions[event.originator_version - 2], appeal_id)
        for event in events
        if isinstance(event, AppealAssigned | AppealDecided) and event.appeal_id == appeal_id
    )


def _independence_at(event: AppealAssigned | AppealDecided, before: PatientHistory, appeal_id: str) -> Independence:
    appeal = before.appeal(appeal_id)
    assert appeal is not None
    actor = event.to if isinstance(event, AppealAssigned) else event.actor
    upheld = isinstance(event, AppealDecided) and event.outcome != "overturned"
    sentence, is_independent = (
        "Was not involved in the determination under appeal and is not a subordinate of anyone involved.",
        True,
    )
    try:
        check_independent(actor, before, appeal)
        if upheld:
            check_uphold(actor)
            sentence += " Is a physician of the same or a similar specialty, who may uphold the determination."
    except NotPermitted as refused:
        sentence, is_independent = as_sentence(refused.cause), False
    return Independence(
        actor=actor,
        version=event.originator_version,
        did="assigned" if isinstance(event, AppealAssigned) else "decided",
        is_independent=is_independent,
        sentence=sentence,
    )


def outsiders(history: PatientHistory, appeal: Appeal) -> tuple[Outsider, ...]:
    """Returns the people outside of the plan who took part in the request or the appeal."""
    request = history.request(appeal.request_id)
    assert request is not None
    found = [_prescriber(request.prescriber)]
    if request.consultation is not None and request.consultation.name is not None:
        found.append(_consulted(request.consultation))
    found.append(Outsider(name=appeal.filer.name, part=f"filed the appeal ({appeal.filer.relation})"))
    for one in history.representatives:
        through = f" through {one.through}" if one.through is not None else ""
        relation = one.relationship.replace("_", " ")
        found.append(Outsider(name=one.name, part=f"represents the patient ({relation}) from {one.on}{through}"))
    if appeal.handed_on_to is not None:
        found.append(Outsider(name=appeal.handed_on_to, part="external review of the appeal"))
    return tuple(found)


def _prescriber(one: Prescriber) -> Outsider:
    specialty = one.specialty.replace("_", " ") if one.specialty is not None else "specialty not stated"
    npi = f", NPI {one.npi}" if one.npi is not None else ""
    return Outsider(
        name=one.name, part=f"requested the treatment ({one.credential.replace('_', ' ')}, {specialty}{npi})"
    )


def _consulted(one: ConsultationGiven) -> Outsider:
    return Outsider(name=str(one.name), part=f"was consulted ({one.specialty.replace('_', ' ')})")
