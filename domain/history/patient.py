"""How events about the patient change the history: demographics, identifiers, coverage, other agents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from domain.events.base import Event
from domain.events.patient import (
    DeathRecorded,
    DeathRecordVoided,
    DemographicsCorrected,
    HistoriesLinked,
    HistoriesUnlinked,
    LineOfBusinessChanged,
    MemberIdentifierAdded,
    MemberIdentifierRetired,
    OtherAgentEntryVoided,
    OtherAgentStarted,
    OtherAgentStopped,
    RepresentativeNamed,
    RequesterAdmitted,
)
from domain.history.coverage import Coverage
from domain.history.records import AgentUse, Representative
from domain.history.state import PatientHistory, RetiredMember


def _demographics_corrected(history: PatientHistory, event: DemographicsCorrected) -> PatientHistory:
    return history.changed(name=event.name or history.name, birth_date=event.birth_date or history.birth_date)


def _histories_unlinked(history: PatientHistory, event: HistoriesUnlinked) -> PatientHistory:
    return history.changed(linked=tuple(one for one in history.linked if one != event.other_patient_id))


def _identifier_added(history: PatientHistory, event: MemberIdentifierAdded) -> PatientHistory:
    first_days = ((event.member, event.first_day),) if event.first_day is not None else ()
    return history.changed(members=(*history.members, event.member), first_days=(*history.first_days, *first_days))


def _identifier_retired(history: PatientHistory, event: MemberIdentifierRetired) -> PatientHistory:
    retired = RetiredMember(event.member, event.last_day, event.in_error)
    return history.changed(
        members=tuple(one for one in history.members if one != event.member),
        first_days=tuple((one, day) for one, day in history.first_days if one != event.member),
        retired_members=(*history.retired_members, retired),
    )


def _line_of_business_changed(history: PatientHistory, event: LineOfBusinessChanged) -> PatientHistory:
    after = history.changed(lines_of_business=(*history.lines_of_business, (event.on, event.line_of_business)))
    if event.state is None and event.funding is None and not history.coverage:
        return after
    coverage = Coverage(event.on, event.line_of_business, event.state, event.funding)
    return after.changed(coverage=(*history.coverage, coverage))


def _representative_named(history: PatientHistory, event: RepresentativeNamed) -> PatientHistory:
    named = Representative(event.name, event.relationship, event.on, event.through)
    return history.changed(representatives=(*history.representatives, named))


def _other_agent_used(history: PatientHistory, event: OtherAgentStarted | OtherAgentStopped) -> PatientHistory:
    started = event.on if isinstance(event, OtherAgentStarted) else None
    stopped = event.on if isinstance(event, OtherAgentStopped) else None
    entry_id = f"{history.patient_id}.g{len(history.agents) + 1}"
    recorded_on = event.at.date()
    use = AgentUse(event.product, started, stopped, event.originator_version, entry_id, recorded_on)
    return history.changed(agents=(*history.agents, use))


def _agent_entry_voided(history: PatientHistory, event: OtherAgentEntryVoided) -> PatientHistory:
    entry_id = event.agent_entry_id
    agents = tuple(replace(one, voided=True) if one.entry_id == entry_id else one for one in history.agents)
    return history.changed(agents=agents)


FOLDS: Final[dict[type[Event], Callable[[PatientHistory, Any], PatientHistory]]] = {
    DemographicsCorrected: _demographics_corrected,
    MemberIdentifierAdded: _identifier_added,
    MemberIdentifierRetired: _identifier_retired,
    HistoriesLinked: lambda history, event: history.changed(linked=(*history.linked, event.other_patient_id)),
    HistoriesUnlinked: _histories_unlinked,
    LineOfBusinessChanged: _line_of_business_changed,
    RepresentativeNamed: _representative_named,
    RequesterAdmitted: lambda history, event: history.changed(requesters=history.requesters_with(event.actor)),
    DeathRecorded: lambda history, event: history.changed(deceased_on=event.on),
    DeathRecordVoided: lambda history, _: history.changed(deceased_on=None),
    OtherAgentStarted: _other_agent_used,
    OtherAgentStopped: _other_agent_used,
    OtherAgentEntryVoided: _agent_entry_voided,
}
