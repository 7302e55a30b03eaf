"""The commands that show one patient, request, appeal, or document, as it is now or as it was known earlier."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from api.cli.opening import errors_to_exit_status, open_records, patient_of_member
from api.cli.options import (
    AppealArgument,
    AsJson,
    AsOf,
    Database,
    DocumentArgument,
    EditionOption,
    KnownAt,
    MemberArgument,
    Purpose,
    RequestArgument,
)
from api.cli.output import print_result
from api.cli.program import app
from api.cli.tables import show_pairs
from api.cli.values import DAY, INSTANT, checked_id, parsed
from api.record_access.patient_access import patient_of
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
from domain.errors import EditionUnknown, InvalidCommand
from domain.events.base import AppealId, DocumentId, RequestId
from domain.facts import in_words
from domain.history.records import Request
from domain.history.state import PatientHistory
from domain.policy.edition import Edition
from domain.policy.editions import edition_named
from domain.review.assess_request import RequestAssessment, request_assessment
from projections.courses import course_list
from projections.person import person
from projections.request_status import appeal_view, deadline_instant, request_status


@app.command("courses")
def courses_command(
    member: MemberArgument,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """List every course, dose by dose, with its variances.

    Example: lemtrada-ledger courses DEMO-0003 --known-at 2026-04-20T14:05:00Z
    """
    with errors_to_exit_status(), open_records(database, purpose) as access:
        day = parsed(DAY, as_of, "--as-of") or access.today()
        instant = parsed(INSTANT, known_at, "--known-at")
        with access.history(patient_of_member(access, member), "courses", known_at=instant) as history:
            answer = course_list(history, day)
        if as_json:
            print_result(answer.model_dump(mode="json"))
            return
        show_pairs(course_rows(answer))


@app.command("person")
def person_command(
    member: MemberArgument,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Show identifiers, coverage, representatives, and linked records.

    Example: lemtrada-ledger person DEMO-0003
    """
    with errors_to_exit_status(), open_records(database, purpose) as access:
        day = parsed(DAY, as_of, "--as-of") or access.today()
        instant = parsed(INSTANT, known_at, "--known-at")
        with access.history(patient_of_member(access, member), "person", known_at=instant) as history:
            answer = person(history, day)
        if as_json:
            print_result(answer.model_dump(mode="json"))
            return
        show_pairs(person_rows(answer))


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
        instant = parsed(INSTANT, known_at, "--known-at")
        day = parsed(DAY, as_of, "--as-of")
        with access.request(checked_id(request, RequestId, "REQUEST"), known_at=instant) as (history, record):
            life = request_status(
                history, record, access.zone, deadline_instant(access.now(), access.zone, day, instant)
            )
            assessed, problem = _assess(history, record, day or access.today(), chosen, to_extend)
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
    with errors_to_exit_status(), open_records(database, purpose) as access:
        instant = parsed(INSTANT, known_at, "--known-at")
        now = deadline_instant(access.now(), access.zone, parsed(DAY, as_of, "--as-of"), instant)
        with access.appeal(checked_id(appeal, AppealId, "APPEAL"), known_at=instant) as (history, record):
            answer = appeal_view(history, record, access.zone, now)
        if as_json:
            print_result(answer.model_dump(mode="json"))
            return
        show_pairs(appeal_rows(answer, access.zone))


@app.command("requests")
def requests_command(
    member: MemberArgument,
    known_at: KnownAt = None,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """List the requests of a patient.

    Example: lemtrada-ledger requests DEMO-0003
    """
    with errors_to_exit_status(), open_records(database, purpose) as access:
        instant = parsed(INSTANT, known_at, "--known-at")
        with access.history(patient_of_member(access, member), "requests", known_at=instant) as history:
            requests = history.requests
        if as_json:
            from api.routes.schemas import request_summary  # noqa: PLC0415  (FastAPI is slow to import)

            print_result([request_summary(record).model_dump(mode="json") for record in requests])
            return
        rows = [("Request", _summary(record)) for record in requests]
        show_pairs(rows or [("Requests", "None on record.")])


@app.command("appeals")
def appeals_command(
    member: MemberArgument,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """List the appeals of a patient.

    Example: lemtrada-ledger appeals DEMO-0024
    """
    with errors_to_exit_status(), open_records(database, purpose) as access:
        instant = parsed(INSTANT, known_at, "--known-at")
        now = deadline_instant(access.now(), access.zone, parsed(DAY, as_of, "--as-of"), instant)
        with access.history(patient_of_member(access, member), "appeals", known_at=instant) as history:
            views = [appeal_view(history, record, access.zone, now) for record in history.appeals]
        if as_json:
            print_result([view.model_dump(mode="json") for view in views])
            return
        rows = [("Appeal", f"{view.appeal_id}: {in_words(view.status)}, received {view.received_on}") for view in views]
        show_pairs(rows or [("Appeals", "None on record.")])


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
            print_result(record.document.model_dump(mode="json"))
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
        with output.open("xb") as file:
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
