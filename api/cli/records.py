"""The commands that show one patient, request, appeal, or document, as it is now or as it was known earlier."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import typer

from api.cli.opening import errors_to_exit_status, open_records, patient_of_member
from api.cli.options import (
    AppealArgument,
    AsJson,
    AsOf,
    Database,
    DocumentArgument,
    EditionOption,
    Issuer,
    KnownAt,
    MemberArgument,
    Purpose,
    RequestArgument,
)
from api.cli.output import print_result
from api.cli.program import app
from api.cli.tables import show_pairs
from api.cli.values import DAY, INSTANT, checked_id, parsed
from api.record_access.patient_access import PatientAccess, patient_of
from api.text.record import (
    appeal_rows,
    assessment_rows,
    course_rows,
    imported,
    person_rows,
    request_rows,
    seal_rows,
    seal_value,
)
from domain.deadline_terms.table import DeadlineTable
from domain.errors import EditionUnknown, InvalidCommand
from domain.events.base import AppealId, DocumentId, RequestId
from domain.facts import in_words
from domain.history.records import Request
from domain.history.state import PatientHistory
from domain.ledger.durable_folders import new_file
from domain.permissions.disclosure import View
from domain.policy.edition import Edition
from domain.policy.editions import edition_named
from domain.review.assess_request import RequestAssessment, request_assessment
from projections.courses import course_list
from projections.person import person
from projections.request_status import AppealView, appeal_view, deadline_instant, request_status

A = TypeVar("A")


class _QuestionTimes(NamedTuple):
    """The times of a question: its day, the instant by which deadlines are shown, and the instant of what is known."""

    day: date
    deadlines_at: datetime
    known_at: datetime | None
    zone: ZoneInfo
    deadlines: DeadlineTable


@dataclass(frozen=True, slots=True)
class _RecordOptions:
    """The options that the commands of this module share, as they were given."""

    as_of: str | None
    known_at: str | None
    purpose: str | None
    database: str | None
    issuer: str | None = None

    def when(self, access: PatientAccess) -> _QuestionTimes:
        day, instant = parsed(DAY, self.as_of, "--as-of"), parsed(INSTANT, self.known_at, "--known-at")
        deadlines_at = deadline_instant(access.now(), access.zone, day, instant)
        return _QuestionTimes(day or access.today(), deadlines_at, instant, access.zone, access.deadlines)

    def of_member(self, member: str, view: View, answer: Callable[[PatientHistory, _QuestionTimes], A]) -> A:
        """The answer from the history of the member, whose access is recorded. Raises CommandFailed."""
        with errors_to_exit_status(), open_records(self.database, self.purpose) as access:
            when = self.when(access)
            with access.history(
                patient_of_member(access, member, self.issuer), view, known_at=when.known_at
            ) as history:
                return answer(history, when)


def _show(answer: Any, rows: Iterable[tuple[str, str]], as_json: bool) -> None:
    """Prints an answer as JSON, or as rows of a label and a text."""
    if as_json:
        print_result(answer)
    else:
        show_pairs(rows)


@app.command("courses")
def courses_command(
    member: MemberArgument,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    issuer: Issuer = None,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """List every course, dose by dose, with its variances.

    Example: lemtrada-ledger courses DEMO-0003 --known-at 2026-04-20T14:05:00Z
    """
    options = _RecordOptions(as_of, known_at, purpose, database, issuer)
    answer = options.of_member(member, "courses", lambda history, when: course_list(history, when.day))
    _show(answer, course_rows(answer), as_json)


@app.command("person")
def person_command(
    member: MemberArgument,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    issuer: Issuer = None,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Show identifiers, coverage, representatives, and linked records.

    Example: lemtrada-ledger person DEMO-0003
    """
    options = _RecordOptions(as_of, known_at, purpose, database, issuer)
    answer = options.of_member(member, "person", lambda history, when: person(history, when.day))
    _show(answer, person_rows(answer), as_json)


@app.command("request")
def request_command(
    request: RequestArgument,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    edition: EditionOption = None,
    to_extend: Annotated[
        bool,
        typer.Option(
            "--to-extend", help="Assess the extension of its approval: doses given under the approval do not count."
        ),
    ] = False,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Show a request: its status and its assessment by clause.

    Example: lemtrada-ledger request 11111111-2222-4333-8444-555555555555.r1 --as-of 2026-04-28
    """
    with errors_to_exit_status(), open_records(database, purpose) as access:
        if to_extend and edition is not None:
            remedy = "use --edition or --to-extend, not both"
            raise InvalidCommand(
                "an extension is assessed under the policy version of the request", field="--edition", remedy=remedy
            )
        chosen = edition_named(edition) if edition is not None else None
        when = _RecordOptions(as_of, known_at, purpose, database).when(access)
        with access.request(checked_id(request, RequestId, "REQUEST"), known_at=when.known_at) as (history, record):
            life = request_status(history, record, when.zone, when.deadlines_at, access.deadlines)
            assessed, problem = _assess(history, record, when.day, chosen, to_extend)
        from api.background.sealing import sealing_of  # noqa: PLC0415  (slow to import, and only this command needs it)

        sealing = sealing_of(access.ledger)
        seals = [
            (decision.kind, sealing.place_of(history.patient_id, decision.version)) for decision in record.decisions
        ]
        if as_json:
            print_result(
                {
                    "seals": [seal_value(kind, place) for kind, place in seals],
                    "life": life.model_dump(mode="json"),
                    "assessment_digest": assessed.digest if assessed is not None else None,
                    "assessment": assessed.assessment.model_dump(mode="json") if assessed is not None else None,
                    "edition_problem": problem,
                }
            )
            return
        rows = assessment_rows(assessed.assessment) if assessed is not None else [("Policy version", problem or "")]
        show_pairs((*request_rows(life, access.zone), *seal_rows(seals), *rows))


def _assess(
    history: PatientHistory, record: Request, day: date, chosen: Edition | None, to_extend: bool
) -> tuple[RequestAssessment | None, str | None]:
    """The assessment of the request, or why no edition applies. The status of the request is shown either way."""
    try:
        if to_extend:
            from domain.decisions.approval_changes import assessment_to_extend  # noqa: PLC0415  (slow to import)

            return assessment_to_extend(history, record.request_id, day), None
        return request_assessment(history, record, day, chosen), None
    except EditionUnknown as unknown:
        return None, str(unknown)


@app.command("appeal")
def appeal_command(
    appeal: AppealArgument,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Show an appeal: grounds, assignment, due date, decision.

    Example: lemtrada-ledger appeal 11111111-2222-4333-8444-555555555555.a1 --known-at 2026-04-20T14:05:00Z
    """
    options = _RecordOptions(as_of, known_at, purpose, database)
    with errors_to_exit_status(), open_records(database, purpose) as access:
        when = options.when(access)
        with access.appeal(checked_id(appeal, AppealId, "APPEAL"), known_at=when.known_at) as (history, record):
            answer = appeal_view(history, record, when.zone, when.deadlines_at, access.deadlines)
        _show(answer, appeal_rows(answer, when.zone), as_json)


@app.command("requests")
def requests_command(
    member: MemberArgument,
    known_at: KnownAt = None,
    issuer: Issuer = None,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """List the requests of a patient.

    Example: lemtrada-ledger requests DEMO-0003
    """
    requests = _RecordOptions(None, known_at, purpose, database, issuer).of_member(
        member, "requests", lambda history, _: history.requests
    )
    if as_json:
        from api.routes.schemas import request_summary  # noqa: PLC0415  (FastAPI is slow to import)

        print_result([request_summary(record) for record in requests])
        return
    rows = [("Request", _summary(record)) for record in requests]
    show_pairs(rows or [("Requests", "None on record.")])


@app.command("appeals")
def appeals_command(
    member: MemberArgument,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    issuer: Issuer = None,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """List the appeals of a patient.

    Example: lemtrada-ledger appeals DEMO-0024
    """

    def views_of(history: PatientHistory, when: _QuestionTimes) -> list[AppealView]:
        return [
            appeal_view(history, record, when.zone, when.deadlines_at, when.deadlines) for record in history.appeals
        ]

    views = _RecordOptions(as_of, known_at, purpose, database, issuer).of_member(member, "appeals", views_of)
    rows = [("Appeal", f"{view.appeal_id}: {in_words(view.status)}, received {view.received_on}") for view in views]
    _show(views, rows or [("Appeals", "None on record.")], as_json)


@app.command("document")
def document_command(
    document: DocumentArgument,
    output: Annotated[
        Path, typer.Option(metavar="FILE", help="New file for the document, exactly as it was received.")
    ],
    known_at: KnownAt = None,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Write a document to a file, after its bytes are checked.

    Example: lemtrada-ledger document 11111111-2222-4333-8444-555555555555.f1 --output report.pdf
    """
    with errors_to_exit_status(), open_records(database, purpose) as access:
        instant = parsed(INSTANT, known_at, "--known-at")
        _check_new(output)
        with access.document(checked_id(document, DocumentId, "DOCUMENT"), known_at=instant) as record:
            pass
        _write_new(output, access.bytes_of(patient_of(document), record.document.sha256))
        if as_json:
            print_result(record.document)
            return
        print_result(f"{record.document.size_bytes} bytes, SHA-256 {record.document.sha256}")


def _summary(record: Request) -> str:
    line = in_words(record.line_of_business)
    source = imported(record.imported_from)
    return f"{record.request_id}: {record.status}, received {record.received_on} ({line}){source}"


def _check_new(output: Path) -> None:
    """Raises InvalidCommand if the file exists, before anything is read of a patient."""
    if output.exists() or output.is_symlink():
        raise _cannot_write("File exists")


def _write_new(output: Path, pieces: Iterable[bytes]) -> None:
    """Writes a new file, and removes it if it cannot be written as a whole. No file is replaced.

    Raises InvalidCommand if the file exists or cannot be written.
    """
    try:
        with new_file(output) as file:
            try:
                for piece in pieces:
                    file.write(piece)
            except BaseException:
                output.unlink()
                raise
    except OSError as error:
        raise _cannot_write(error.strerror) from None


def _cannot_write(reason: str | None) -> InvalidCommand:
    return InvalidCommand(
        f"the file cannot be written: {reason}",
        field="--output",
        remedy="name a new file in a folder that you may write to",
    )
