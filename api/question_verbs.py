"""The verbs that ask about one patient, request, appeal or document; now, or as it was known then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

import typer
from pydantic import TypeAdapter, ValidationError

from api.cli import AsJson, _print, app
from api.ledger_verbs import (
    _DAY,
    _INSTANT,
    Database,
    KnownAt,
    MemberArgument,
    _ledger_to_read,
    _parsed,
    _patient,
    _show_pairs,
    plainly,
)
from domain.decisions.approvals_kept import assessment_to_extend
from domain.errors import InvalidCommand, NotFound
from domain.events import AppealId, DocumentId, RequestId
from domain.history import Request
from domain.judging import judge
from domain.policy.assessment import Assessment
from domain.policy.editions import edition_named
from projections.courses import Courses, CourseView, DoseView, course_list
from projections.person import Person, person
from projections.request_life import AppealView, RequestLife, appeal_view, request_life

AsOf = Annotated[
    str | None, typer.Option(metavar="DATE", help="Judged on this day; by default today, where the plan is.")
]
AppealArgument = Annotated[str, typer.Argument(metavar="APPEAL", help="The id of an appeal, <patient>.a1")]
RequestArgument = Annotated[str, typer.Argument(metavar="REQUEST", help="The id of a request, <patient>.r1")]


@app.command("courses")
def courses_command(
    member: MemberArgument,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Print every course, dose by dose, with the variances that stand.

    Example: lemtrada-ledger courses DEMO-0003 --known-at 2026-04-20T14:05:00Z
    """
    with plainly(), _ledger_to_read(database) as ledger:
        day = _parsed(_DAY, as_of, "--as-of") or ledger.today()
        history = ledger.history(_patient(ledger, member), known_at=_parsed(_INSTANT, known_at, "--known-at"))
        answer = course_list(history, day)
        if as_json:
            _print(answer.model_dump(mode="json"))
            return
        _show_pairs(_course_rows(answer))


@app.command("person")
def person_command(
    member: MemberArgument,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Print identifiers, coverage, representatives, linked histories, and the agents of others on record.

    Example: lemtrada-ledger person DEMO-0003
    """
    with plainly(), _ledger_to_read(database) as ledger:
        day = _parsed(_DAY, as_of, "--as-of") or ledger.today()
        history = ledger.history(_patient(ledger, member), known_at=_parsed(_INSTANT, known_at, "--known-at"))
        answer = person(history, day)
        if as_json:
            _print(answer.model_dump(mode="json"))
            return
        _show_pairs(_person_rows(answer))


@app.command("request")
def request_command(
    request: RequestArgument,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    edition: Annotated[
        str | None, typer.Option(metavar="DATE", help="The review date of an edition; else the one that applies.")
    ] = None,
    to_extend: Annotated[
        bool, typer.Option("--to-extend", help="Judge the extension of its approval: doses given under it stand aside.")
    ] = False,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Say what has become of a request, and what the policy says of it, clause by clause.

    Example: lemtrada-ledger request 11111111-2222-4333-8444-555555555555.r1 --as-of 2026-04-28
    """
    with plainly(), _ledger_to_read(database) as ledger:
        if to_extend and edition is not None:
            remedy = "leave one of the two out"
            raise InvalidCommand(
                "an extension is judged under the request's own edition", field="--edition", remedy=remedy
            )
        applies = edition_named(edition) if edition is not None else None
        instant = _parsed(_INSTANT, known_at, "--known-at")
        history = ledger.history(_patient_of(request, RequestId, "REQUEST"), known_at=instant)
        found = history.request(request)
        if found is None:
            raise NotFound("no such request", field="REQUEST", remedy="take the id from the patient's history")
        day = _parsed(_DAY, as_of, "--as-of") or ledger.today()
        life = request_life(history, found, ledger.zone, instant or ledger.now())
        judged = assessment_to_extend(history, request, day) if to_extend else judge(history, found, day, applies)
        if as_json:
            _print(
                {
                    "life": life.model_dump(mode="json"),
                    "assessment_digest": judged.digest,
                    "assessment": judged.assessment.model_dump(mode="json"),
                }
            )
            return
        _show_pairs((*_life_rows(life), *_assessment_rows(judged.assessment)))


@app.command("appeal")
def appeal_command(
    appeal: AppealArgument,
    known_at: KnownAt = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Say who appealed what and why, who has it, when it is due, and how it was decided.

    Example: lemtrada-ledger appeal 11111111-2222-4333-8444-555555555555.a1 --known-at 2026-04-20T14:05:00Z
    """
    with plainly(), _ledger_to_read(database) as ledger:
        instant = _parsed(_INSTANT, known_at, "--known-at")
        history = ledger.history(_patient_of(appeal, AppealId, "APPEAL"), known_at=instant)
        found = history.appeal(appeal)
        if found is None:
            raise NotFound("no such appeal", field="APPEAL", remedy="take the id from the patient's history")
        answer = appeal_view(history, found, ledger.zone, instant or ledger.now())
        if as_json:
            _print(answer.model_dump(mode="json"))
            return
        _show_pairs(_appeal_rows(answer))


@app.command("requests")
def requests_command(
    member: MemberArgument, known_at: KnownAt = None, database: Database = None, as_json: AsJson = False
) -> None:
    """List a patient's requests with their ids, oldest first.

    Example: lemtrada-ledger requests DEMO-0003
    """
    with plainly(), _ledger_to_read(database) as ledger:
        history = ledger.history(_patient(ledger, member), known_at=_parsed(_INSTANT, known_at, "--known-at"))
        if as_json:
            from api.answers import request_summary  # noqa: PLC0415  (FastAPI is slow to import)

            _print([request_summary(one).model_dump(mode="json") for one in history.requests])
            return
        rows = [
            ("Request", f"{one.request_id}: {one.status}, received {one.received_on} ({_line(one)})")
            for one in history.requests
        ]
        _show_pairs(rows or [("Requests", "none on record")])


@app.command("appeals")
def appeals_command(
    member: MemberArgument, known_at: KnownAt = None, database: Database = None, as_json: AsJson = False
) -> None:
    """List a patient's appeals with their ids, oldest first.

    Example: lemtrada-ledger appeals DEMO-0024
    """
    with plainly(), _ledger_to_read(database) as ledger:
        instant = _parsed(_INSTANT, known_at, "--known-at")
        history = ledger.history(_patient(ledger, member), known_at=instant)
        now = instant or ledger.now()
        views = [appeal_view(history, one, ledger.zone, now) for one in history.appeals]
        if as_json:
            _print([one.model_dump(mode="json") for one in views])
            return
        rows = [
            ("Appeal", f"{one.appeal_id}: {one.status.replace('_', ' ')}, received {one.received_on}") for one in views
        ]
        _show_pairs(rows or [("Appeals", "none on record")])


@app.command("document")
def document_command(
    document: Annotated[str, typer.Argument(metavar="DOCUMENT", help="The id of a document, <patient>.f1")],
    output: Annotated[Path, typer.Option(metavar="FILE", help="A new file, which gets the bytes as received.")],
    known_at: KnownAt = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Write a document to a file, once its bytes are found to be those that were received.

    Example: lemtrada-ledger document 11111111-2222-4333-8444-555555555555.f1 --output report.pdf
    """
    with plainly(), _ledger_to_read(database) as ledger:
        patient_id = _patient_of(document, DocumentId, "DOCUMENT")
        history = ledger.history(patient_id, known_at=_parsed(_INSTANT, known_at, "--known-at"))
        found = history.document(document)
        if found is None:
            raise NotFound("no such document", field="DOCUMENT", remedy="take the id from the patient's requests")
        _write_new(output, ledger.documents.open(patient_id, found.document.sha256))
        if as_json:
            _print(found.document.model_dump(mode="json"))
            return
        _print(f"{found.document.size_bytes} bytes, SHA-256 {found.document.sha256}")


def _line(request: Request) -> str:
    return request.line_of_business.replace("_", " ")


def _write_new(output: Path, pieces: Iterable[bytes]) -> None:
    """Never over another file, and never half of it: where it ends early, nothing stays."""
    try:
        with output.open("xb") as file:
            try:
                for piece in pieces:
                    file.write(piece)
            except BaseException:
                output.unlink()
                raise
    except OSError as error:
        raise InvalidCommand(
            f"cannot write: {error.strerror}", field="--output", remedy="name a new file in a folder of yours"
        ) from None


_IDS: Final = {RequestId: "a request", AppealId: "an appeal", DocumentId: "a document"}
_LETTERS: Final = {RequestId: "r", AppealId: "a", DocumentId: "f"}


def _patient_of(identifier: str, kind: Any, argument: str) -> UUID:
    """Of the request, the appeal or the document that this is the id of; raises InvalidCommand where it is none."""
    try:
        TypeAdapter(kind).validate_python(identifier)
    except ValidationError:
        remedy = f"give the patient's id and .{_LETTERS[kind]} with the {argument.lower()}'s number"
        raise InvalidCommand(f"this is no id of {_IDS[kind]}", field=argument, remedy=remedy) from None
    return UUID(identifier.split(".", 1)[0])


# -- in words ---------------------------------------------------------------------------------


def _course_rows(answer: Courses) -> Iterator[tuple[str, str]]:
    yield "On", f"{answer.as_of}, from version {answer.history_version} of the history"
    for course in answer.courses:
        yield f"Course {course.number}", _course(course)
        yield from (("", _dose(dose)) for dose in course.doses)
    yield from (("Not counted", _dose(dose)) for dose in answer.other_entries)
    if not answer.courses:
        yield "Courses", "none on record"


def _course(course: CourseView) -> str:
    given = "an unknown number of" if course.doses_given is None else course.doses_given
    return f"{course.status}, {course.origin}: {given} of {course.regimen_doses} doses given"


def _dose(dose: DoseView) -> str:
    entry = dose.dose_id.rpartition(".")[2]
    marks = [name for name in ("voided", "corrected") if getattr(dose, name)]
    if dose.duplicate != "no":
        marks.append(f"{dose.duplicate} duplicate")
    if dose.imported_from is not None:
        marks.append(f"imported from {dose.imported_from.source}")
    more = f" ({', '.join((*marks, *(one.replace('_', ' ') for one in dose.variances)))})"
    return f"{dose.on}  {dose.mg:g} mg  {entry}{more if marks or dose.variances else ''}"


def _person_rows(answer: Person) -> Iterator[tuple[str, str]]:
    yield "Name", answer.name
    yield "Born", str(answer.birth_date or "not known")
    yield from (("Member", f"{one.member_id} of {one.issuer}") for one in answer.members)
    yield "Coverage", (answer.line_of_business or "not known").replace("_", " ")
    for one in answer.representatives:
        until = f" through {one.through}" if one.through is not None else ""
        yield "Represented", f"by {one.name} ({one.relationship.replace('_', ' ')}) from {one.on}{until}"
    yield from (("Linked", f"with the history {one}") for one in answer.linked_histories)
    if answer.deceased_on is not None:
        yield "Died", str(answer.deceased_on)
    for use in answer.agents:
        what = f"begun {use.started_on}" if use.started_on is not None else f"stopped {use.stopped_on}"
        yield "Agent", f"{use.product}, {what}"
    if answer.imported_from is not None:
        yield "Imported", f"from {answer.imported_from.source}"


def _life_rows(life: RequestLife) -> Iterator[tuple[str, str]]:
    yield "Request", f"{life.request_id}, {life.status}{' (imported)' if life.imported_from is not None else ''}"
    if life.held_by is not None:
        yield "With", f"{life.held_by.name} ({life.held_by.role})"
    yield "Due", f"{life.clock.due_at.isoformat()} ({life.clock.standing.replace('_', ' ')}; {life.clock.rule})"
    for asking in life.askings:
        answered = f"answered {asking.answered_at.date()}" if asking.answered_at is not None else "not answered"
        clauses = ", ".join(one.clause for one in asking.asked)
        yield "Asked", f"{clauses} on {asking.asked_at.date()}, until {asking.answer_by.isoformat()}: {answered}"
    for one in life.documents:
        reviewed = f", supports {', '.join(one.supports)}" if one.supports else ", supports nothing yet"
        voided = ", voided" if one.voided else ""
        yield "Document", f"{one.document.name} ({one.document.kind.replace('_', ' ')}{reviewed}{voided})"
    for decision in life.decisions:
        citing = f", citing {', '.join(decision.citing)}" if decision.citing else ""
        origin = f", imported from {decision.imported_from.source}" if decision.imported_from is not None else ""
        rebuilt = " (reconstructed)" if decision.provenance == "reconstructed" else ""
        edition = f"edition {decision.edition}{rebuilt}"
        yield "Decided", f"{decision.kind} on {decision.on} by {decision.by.name}{citing}, {edition}{origin}"
    for window in life.approvals:
        taken_back = f", rescinded {window.rescinded_on}" if window.rescinded_on is not None else ""
        yield (
            "Approval",
            f"{window.doses_approved} doses, {window.valid_from} through {window.valid_through}{taken_back}",
        )
    for appeal in life.appeals:
        late = ", late" if appeal.is_late else ""
        yield "Appeal", f"{appeal.appeal_id.rpartition('.')[2]} of {appeal.received_on}{late}: {appeal.status}"


def _appeal_rows(appeal: AppealView) -> Iterator[tuple[str, str]]:
    yield "Appeal", f"{appeal.appeal_id}, {appeal.status.replace('_', ' ')}"
    yield "Of", f"event {appeal.decision_version} of the history, request {appeal.request_id}"
    yield "Filed", f"by {appeal.filer.name} ({appeal.filer.relation}), {appeal.level} level, {appeal.urgency}"
    late = "late" if appeal.is_late else "in time"
    yield "Received", f"{appeal.received_on}, {late}: the last day is {appeal.file_by}"
    yield "Grounds", appeal.grounds
    if appeal.due_at is not None:
        yield "Due", f"{appeal.due_at.isoformat()}{' (overdue)' if appeal.overdue else ''}"
    if appeal.assigned_to is not None:
        yield "With", f"{appeal.assigned_to.name} ({appeal.assigned_to.role.replace('_', ' ')})"
    if appeal.decided_by is not None:
        citing = f", citing {', '.join(appeal.citing)}" if appeal.citing else ""
        yield "Decided", f"{appeal.status.replace('_', ' ')} on {appeal.closed_on} by {appeal.decided_by.name}{citing}"
    if appeal.rationale is not None:
        yield "Because", appeal.rationale
    if appeal.handed_on_to is not None:
        answer = (appeal.external_outcome or "not answered yet").replace("_", " ")
        yield "Handed on", f"to {appeal.handed_on_to}: {answer}"


def _assessment_rows(assessment: Assessment) -> Iterator[tuple[str, str]]:
    source = "from the text" if assessment.edition_provenance == "text" else "reconstructed from the history table"
    yield "Edition", f"{assessment.edition}, revision {assessment.edition_revision} ({source})"
    yield "Recommended", f"{assessment.recommendation} on {assessment.as_of}; a person decides"
    for one in assessment.findings:
        yield one.citation, f"{one.answer.value.replace('_', ' ')}: {one.sentence}"
