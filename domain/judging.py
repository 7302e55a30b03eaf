"""From a patient's history to an assessment: which facts, which edition, what moved since.

The prescriber states facts in a request; treatment, age and approvals come from the record.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from pydantic import JsonValue

from domain.calendar import PartialDate
from domain.courses import courses, prior_treatment
from domain.events import StatedAgent, Statement
from domain.facts import (
    AgentsTried,
    AgentTried,
    AggressiveDisease,
    AggressiveSign,
    Circumstances,
    Consultation,
    Fact,
    Facts,
    RequestedDosing,
)
from domain.history import Dose, PatientHistory, Request
from domain.people import ConsultationGiven, Role
from domain.policy.agents import is_concurrent_agent, recognise
from domain.policy.assessment import Assessment, assess
from domain.policy.criteria import SPECIALISTS
from domain.policy.edition import Edition
from domain.policy.editions import edition_for

DOCUMENT_READERS: frozenset[Role] = frozenset({"reviewer", "clinician"})
"""Who may record that a document supports a finding (R14): people of the plan, not who asks."""


class Change(Fact):
    """One thing that is not as it was: a finding by its citation, or a fact by its name."""

    what: str
    was: JsonValue
    is_now: JsonValue
    because: str
    time_alone: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """An assessment with its digest, and the version of the history that it was made from."""

    assessment: Assessment
    digest: str
    history_version: int


def judge(history: PatientHistory, request: Request | None, as_of: date, edition: Edition | None = None) -> Judgement:
    """Assess a request, or the bare history, on a day; by default under the edition that applies (R21).

    Raises EditionUnknown where no edition is known for the day of receipt.
    """
    applies = edition or edition_for(request.received_on if request is not None else as_of)
    return _judgement(history, request, facts(history, request, as_of, applies), as_of, applies)


def judge_next_request(
    history: PatientHistory,
    latest: Request | None,
    as_of: date,
    dosing: RequestedDosing,
    edition: Edition | None = None,
) -> Judgement:
    """What a new request would meet on a day: what the latest one stated, asking for this dosing."""
    applies = edition or edition_for(as_of)
    stated = replace(latest, planned_first_infusion_on=None) if latest is not None else None
    asked = facts(history, stated, as_of, applies).model_copy(update={"requested_dosing": dosing})
    return _judgement(history, stated, asked, as_of, applies)


def _judgement(
    history: PatientHistory, request: Request | None, asked: Facts, as_of: date, edition: Edition
) -> Judgement:
    assessment = assess(asked, as_of, edition, circumstances(history, request, as_of))
    return Judgement(assessment, assessment.digest(), history.version)


def facts(history: PatientHistory, request: Request | None, as_of: date, edition: Edition) -> Facts:
    """What the policy is asked about: the statement, and the record for everything that the plan knows itself."""
    statement = request.statement if request is not None else Statement()
    treatment = prior_treatment(
        courses(history, as_of),
        never_reported=_never_reported(history),
        stated=_lemtrada_stated(statement),
    )
    return Facts(
        birth_date=history.birth_date or statement.birth_date,
        diagnosis=statement.diagnosis,
        ms_form=statement.ms_form,
        prior_treatment=treatment,
        agents=AgentsTried(
            list_is_complete=statement.agents_list_is_complete,
            tried=tuple(AgentTried(product=one.product, outcome=one.outcome) for one in _others(statement)),
        ),
        aggressive_disease=_documented(request) if request is not None else AggressiveDisease(),
        prescriber_specialty=request.prescriber.specialty_judged() if request is not None else None,
        consulted_specialty=_consulted(request.consultation) if request is not None else None,
        response=statement.response,
        hiv_infection=statement.hiv_infection,
        other_dmt_continues=_other_agent_continues(request, as_of, edition) if request is not None else None,
        active_infection=statement.active_infection,
        hypersensitivity=statement.hypersensitivity,
        requested_dosing=statement.requested_dosing,
    )


def circumstances(history: PatientHistory, request: Request | None, as_of: date) -> Circumstances:
    statement = request.statement if request is not None else Statement()
    found = courses(history, as_of)
    notes = []
    before = [one for one in found if request is not None and one.begun_on < request.received_on]
    if statement.received_lemtrada is False and before:
        notes.append("The prescriber states that Lemtrada was never received; the record shows treatment (R1).")
    elif statement.received_lemtrada is False and _lemtrada_stated(statement) is None:
        notes.append("The prescriber states that Lemtrada was never received, and names it among the agents tried.")
    if _lemtrada_stated(statement) is True and not found and _never_reported(history):
        notes.append("The prescriber states that Lemtrada was received; it is reported that it never was (R1).")
    if any(one.status == "unknown" for one in found):
        notes.append("Of a reported course it is not known whether it was completed (R1, R3).")
    if any(_waits_for_a_person(history, dose) for dose in history.doses if dose.on <= as_of):
        notes.append("A second report of a dose is not counted, and waits for a person to decide (R25).")
    if _awaits_review(request):
        notes.append("A document is attached that nobody of the plan has yet found to support its finding (R14).")
    return Circumstances(
        diagnosis_codes=statement.diagnosis_codes,
        planned_first_infusion_on=request.planned_first_infusion_on if request is not None else None,
        rems_enrolled=statement.rems_enrolled,
        progressive_multifocal_leukoencephalopathy=statement.progressive_multifocal_leukoencephalopathy,
        campath_received=statement.campath_received,
        course_closed_unfinished=any(one.status == "closed" for one in found),
        course_short=any(one.status == "short" for one in found),
        stated_otherwise=tuple(notes),
    )


def _waits_for_a_person(history: PatientHistory, dose: Dose) -> bool:
    """A second report that nobody has decided, or whose first report has turned out to be a mistake since."""
    if dose.voided or dose.duplicate_of is None or dose.duplicate == "dismissed":
        return False
    first = history.dose(dose.duplicate_of)
    return dose.duplicate == "possible" or (first is not None and first.voided)


def _never_reported(history: PatientHistory) -> bool:
    return any(not report.courses for report in history.reports)


def _lemtrada_stated(statement: Statement) -> bool | None:
    """What the statement says of Lemtrada itself; None where it says nothing, or both yes and no."""
    named = any(recognise(one.product).brand == "lemtrada" for one in statement.agents)
    if not named:
        return statement.received_lemtrada
    return True if statement.received_lemtrada is not False else None


def _others(statement: Statement) -> Iterator[StatedAgent]:
    """The agents but Lemtrada itself, whose use the treatment facts already carry."""
    return (one for one in statement.agents if recognise(one.product).brand != "lemtrada")


def _documented(request: Request) -> AggressiveDisease:
    """The stated signs; an attached document counts once a person of the plan has read it (R14)."""
    stated = request.statement.aggressive_disease
    if request.submitted_by.role in DOCUMENT_READERS:
        return stated
    signs = {name: getattr(stated, name) for name in AggressiveDisease.model_fields}
    return AggressiveDisease(
        **{
            name: AggressiveSign(finding=sign.finding, documentation="not_attached")
            if sign.documentation == "attached"
            else sign
            for name, sign in signs.items()
        }
    )


def _awaits_review(request: Request | None) -> bool:
    return request is not None and _documented(request) != request.statement.aggressive_disease


def _consulted(consultation: ConsultationGiven | None) -> Consultation | None:
    """Only a named consultation with a specialist counts (R19); one without a name is not known."""
    if consultation is None:
        return None
    needs_name = consultation.specialty in SPECIALISTS
    return consultation.specialty if consultation.name is not None or not needs_name else None


def _other_agent_continues(request: Request, as_of: date, edition: Edition) -> bool | None:
    """Any other disease-modifying agent still taken on the planned first infusion day (R17)."""
    statement = request.statement
    answers = [_continues(one, request, as_of, edition) for one in _others(statement)]
    if True in answers or statement.other_dmt_continues is True:
        return True
    in_doubt = any(_is_said_to_be_taken(one, edition) for one, answer in zip(_others(statement), answers, strict=True)
                   if answer is None)  # fmt: skip
    if in_doubt:
        # A listed agent that is taken needs its stop date: that none will be taken does not clear it.
        return None
    if statement.other_dmt_continues is False:
        return False
    complete = statement.agents_list_is_complete is True
    return False if complete and None not in answers else None


def _is_said_to_be_taken(agent: StatedAgent, edition: Edition) -> bool:
    """Whether the statement has this listed agent taken now or later."""
    concurrent = is_concurrent_agent(recognise(agent.product), edition.appendix)
    return concurrent is True and (agent.still_taken is True or agent.stopped_on is not None)


def _continues(agent: StatedAgent, request: Request, as_of: date, edition: Edition) -> bool | None:
    concurrent = is_concurrent_agent(recognise(agent.product), edition.appendix)
    if concurrent is False:
        return False
    taken = _still_taken(agent, request, as_of)
    return taken if concurrent is True or taken is False else None


def _still_taken(agent: StatedAgent, request: Request, as_of: date) -> bool | None:
    planned, stopped = request.planned_first_infusion_on, agent.stopped_on
    if stopped is not None:
        had_stopped = stopped.latest < request.received_on
        will_stop = stopped.earliest > request.received_on
        if (agent.still_taken is True and had_stopped) or (agent.still_taken is False and will_stop):
            # The statement contradicts its own date.
            return None
        return _stops_after(stopped, planned, as_of)
    if agent.still_taken is True:
        return True if planned is not None else None
    return agent.still_taken


def _stops_after(stopped: PartialDate, planned: date | None, as_of: date) -> bool | None:
    """Whether the agent is still taken on the planned day; without one, only a stop before today clears it."""
    if stopped.latest < (planned or as_of):
        return False
    return True if planned is not None and stopped.earliest >= planned else None


# -- what moved since an assessment was looked at ---------------------------------------------


def what_moved(looked_at: str, versions: Sequence[PatientHistory], request_id: str, today: date) -> list[Change]:
    """What changed between the assessment with this digest and the one of today.

    `versions` are the histories after each event, oldest first. Facts that moved are named;
    where only days passed, the findings that time alone changed are. Empty: the digest is of
    no assessment of this request.
    """
    found = _find(looked_at, versions, request_id, today)
    if found is None:
        return []
    history, then = found
    # The record of then, judged today, parts what time changed from what was recorded since.
    by_time = judge(history, history.request(request_id), today).assessment
    now = judge(versions[-1], versions[-1].request(request_id), today).assessment
    return [
        *_changes(then.assessment, by_time, time_alone=True),
        *_changes(by_time, now, time_alone=False),
    ]


def _changes(old: Assessment, new: Assessment, *, time_alone: bool) -> list[Change]:
    findings = [
        Change(
            what=is_.citation,
            was=was.answer.value,
            is_now=is_.answer.value,
            because=is_.sentence,
            time_alone=time_alone,
        )
        for was, is_ in zip(old.findings, new.findings, strict=True)
        if was.answer is not is_.answer
    ]
    before = old.facts.model_dump(mode="json") | old.circumstances.model_dump(mode="json")
    after = new.facts.model_dump(mode="json") | new.circumstances.model_dump(mode="json")
    because = "Time alone changed it." if time_alone else "The record changed."
    facts = [
        Change(what=name, was=before[name], is_now=after[name], because=because, time_alone=time_alone)
        for name in after
        if before[name] != after[name]
    ]
    return [*findings, *facts]


LOOKED_BACK_MAX = 400
"""Judgements made to find what somebody looked at; further back, what moved is not told."""


def _find(
    looked_at: str, versions: Sequence[PatientHistory], request_id: str, today: date
) -> tuple[PatientHistory, Judgement] | None:
    """The assessment that somebody looked at, and its history: of some version, on some day on which it was current."""
    last, judged = today, 0
    for history in reversed(versions):
        request = history.request(request_id)
        if request is None:
            return None
        # A day to either side: recorded instants are in UTC, days in the plan's zone.
        first = history.recorded_at.date() - timedelta(days=1)
        for back in range((last - first).days + 1):
            judgement = judge(history, request, last - timedelta(days=back))
            if judgement.digest == looked_at:
                return history, judgement
            judged += 1
            if judged == LOOKED_BACK_MAX:
                return None
        last = min(today, history.recorded_at.date() + timedelta(days=1))
    return None
