"""The content of a case file, section by section. Every output format has the same content."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from api.dossier import contents_record, contents_replay
from api.dossier.blocks import Block, BlockRow, CaseFile, Cell, Heading, Pairs, Paragraph, Section, grid, row
from api.dossier.words import Words, capital, field, listed, person, plain, value
from api.text.record import last_day_to_file
from domain.facts import counted
from projections.dossier.case_file import AppealDossier, CaseDocument
from projections.event_text import entry_of
from projections.replay.recorded_decisions import Recorded
from projections.timeline import TimelineEntry

TITLE = "Appeal case file"
"""It names no person, because it is the title of windows, tabs and files."""

Links = Callable[[CaseDocument], str]
"""A function from a document to its address as seen from the page. The default is its file in the folder."""


def case_file(case: AppealDossier, files: tuple[tuple[str, str], ...], links: Links | None = None) -> CaseFile:
    """Returns the content of the case file. `files` are the names and descriptions of the files in the folder."""
    words = Words(case.time_zone)
    through = f"{words.at(case.known_at)} {case.time_zone}"
    return CaseFile(
        title=TITLE,
        running=f"Appeal {entry_of(case.appeal_id)} of request {entry_of(case.request_id)}, recorded through {through}",
        about=(
            ("Appeal", f"{case.appeal.level} level, {case.appeal.urgency}, received {case.appeal.received_on}"),
            ("Status", _status(case)),
            ("Recorded through", f"{through}, event {case.history_version} of the history"),
            ("Days and times", f"in {case.time_zone}"),
        ),
        sections=tuple(_sections(case, words, files, links or (lambda one: one.file))),
    )


def _sections(case: AppealDossier, words: Words, files: tuple[tuple[str, str], ...], links: Links) -> Iterator[Section]:
    yield Section("case", "The case", tuple(_case(case, words)))
    yield Section("timeline", "The timeline", tuple(_timeline(case, words)))
    yield Section("replay", "The replay", tuple(_replays(case, words)))
    yield Section("facts", "The facts, then and now", tuple(_facts(case)))
    yield Section("documents", "The documents", tuple(contents_record.documents(case, words, links)))
    yield Section("policy", "The policy (paraphrased)", tuple(contents_record.policy(case)))
    yield Section("people", "The people", tuple(contents_record.people(case)))
    yield Section("clocks", "Deadlines", tuple(contents_record.clocks(case, words)))
    yield Section("notices", "Information requests and notices", tuple(contents_record.notices(case, words)))
    yield Section("corrections", "Corrections and imports", tuple(contents_record.corrections(case, words)))
    yield Section("check", "How to check this file", tuple(contents_record.how_to_check(files)))


# -- the case -----------------------------------------------------------------------------------


def _case(case: AppealDossier, words: Words) -> Iterator[Block]:
    yield Paragraph(case.determination.headline, "lead")
    yield Heading("Member and request")
    yield Pairs(tuple(_asked(case, words)))
    yield Heading("Determination")
    yield Pairs(tuple(contents_replay.record(case.determination.recorded, words)))
    yield Heading("Appeal and outcome")
    yield Pairs(tuple(_appealed(case, words)))
    reconstructed = [one.key for one in case.editions if one.is_applied and one.provenance == "reconstructed"]
    for key in reconstructed:
        yield Paragraph(
            f"Policy version {key} is not on file as text. It was reconstructed from its history table.",
            "warning",
        )
    if case.imported:
        count = len(case.imported)
        entries = "1 entry of this record was" if count == 1 else f"{count} entries of this record were"
        yield Paragraph(
            f"{entries} imported from another record after the events happened. Each imported entry is marked.",
            "warning",
        )


def _asked(case: AppealDossier, words: Words) -> Iterator[tuple[str, str]]:
    patient, request = case.person, case.request
    yield "Patient", patient.name
    yield "Born", str(patient.birth_date or "not known")
    if patient.deceased_on is not None:
        yield "Died", str(patient.deceased_on)
    yield "Member", listed([f"{one.member_id} ({one.issuer})" for one in patient.members])
    for one in patient.representatives:
        yield "Represented by", f"{one.name} ({plain(one.relationship)})"
    for other in patient.linked_histories:
        yield "Linked patient", str(other)
    line = plain(request.line_of_business)
    received = words.at(request.received_at)
    yield "Request", f"{entry_of(case.request_id)}, {request.urgency}, {line}, received {received}"
    for before, corrected in pairwise(request.receipts):
        source = f" by {corrected.receipt_source}" if corrected.receipt_source is not None else ""
        yield (
            "Receipt corrected",
            f"from {words.at(before.received_at)} to {words.at(corrected.received_at)}{source}, "
            f"on {words.at(corrected.recorded_at)} by {corrected.by.name}: {corrected.reason}",
        )
    prescriber = request.prescriber
    specialty = f", {plain(prescriber.specialty)}" if prescriber.specialty is not None else ""
    yield "Prescriber", f"{prescriber.name} ({plain(prescriber.credential)}{specialty})"
    dosing = request.statement.requested_dosing
    yield (
        "Requested",
        f"{value(dosing.mg_per_day)} mg a day on {value(dosing.consecutive_days)} days, {value(dosing.route)}",
    )
    if request.planned_first_infusion_on is not None:
        site = f", {request.planned_site}" if request.planned_site is not None else ""
        yield "Planned infusion", f"{request.planned_first_infusion_on}{site}"
    if request.retrospective_for:
        yield (
            "Retrospective",
            f"doses {listed([entry_of(one) for one in request.retrospective_for])} were given before the request",
        )


def _appealed(case: AppealDossier, words: Words) -> Iterator[tuple[str, str]]:
    appeal = case.appeal
    received = words.at(appeal.received_at)
    yield "Appeal", f"{entry_of(appeal.appeal_id)}, {appeal.level} level, {appeal.urgency}, received {received}"
    yield "Filed by", f"{appeal.filer.name} ({appeal.filer.relation})"
    yield "On time", f"{'no, it is late' if appeal.is_late else 'yes'}: {last_day_to_file(appeal)}"
    yield "Grounds", appeal.grounds
    yield "Status", _status(case)
    if appeal.assigned_to is not None:
        yield "With", person(appeal.assigned_to)
    if appeal.decided_by is not None:
        yield "Decided by", person(appeal.decided_by)
    if appeal.citing:
        yield "Citing", listed(appeal.citing)
    if appeal.rationale is not None:
        yield "Rationale", appeal.rationale
    for one in case.request.approvals:
        yield (
            "Approved",
            _window(one.doses_approved, one.valid_from.isoformat(), one.valid_through.isoformat(), one.appeal_id),
        )
        if one.imported_from is not None:
            yield "", f"imported from {one.imported_from.source}, {one.imported_from.reference}"
        if one.left_out is not None:
            yield "Not approved", one.left_out
        if one.rescinded_on is not None:
            yield "Rescinded", f"effective {one.rescinded_on}"
    if appeal.handed_on_to is not None:
        answered = plain(appeal.external_outcome) if appeal.external_outcome is not None else "no decision yet"
        yield "External review", f"{appeal.handed_on_to}: {answered}"


def _window(doses: int, valid_from: str, valid_through: str, appeal_id: str | None) -> str:
    by_appeal = f", by appeal {entry_of(appeal_id)}" if appeal_id is not None else ""
    return f"{counted(doses, 'dose')} from {valid_from} through {valid_through}{by_appeal}"


def _status(case: AppealDossier) -> str:
    on = f" on {case.appeal.closed_on}" if case.appeal.closed_on is not None else ""
    return f"{plain(case.appeal.status)}{on}"


# -- the timeline -------------------------------------------------------------------------------


def _timeline(case: AppealDossier, words: Words) -> Iterator[Block]:
    yield Paragraph(
        "Every event of the history, in the order of recording. An event that was recorded later than it happened shows"
        " the number of days.",
        "muted",
    )
    yield grid(
        ("No.", "Happened", "Recorded", "What", "By"),
        (5, 14, 14, 47, 20),
        [event_row(one, words) for one in case.timeline],
        "Nothing was recorded.",
    )


def event_row(one: TimelineEntry, words: Words) -> BlockRow:
    """Returns one event as a row of the timeline. Rows of corrections are marked."""
    notes = [f"recorded {one.days_late} day{'s' if one.days_late > 1 else ''} later"] if one.days_late else []
    if one.corrects is not None:
        notes.append(f"corrects {one.corrects}" if one.corrects else "a correction")
    if one.imported_from is not None:
        notes.append(f"imported from {one.imported_from.source}, {one.imported_from.reference}")
    sentence = f": {one.sentence}" if one.sentence else ""
    credential = f", {plain(one.who.credential)}" if one.who.credential != "none" else ""
    return row(
        Cell(str(one.version), "muted"),
        words.happened(one.happened),
        words.at(one.recorded_at),
        Cell(f"{one.title}{sentence}", note=capital("; ".join(notes))),
        Cell(one.who.name, note=f"{plain(one.who.role)}{credential}"),
        is_marked=one.corrects is not None,
    )


# -- the replay ---------------------------------------------------------------------------------


def _replays(case: AppealDossier, words: Words) -> Iterator[Block]:
    yield Paragraph(
        "The determination is shown as recorded. New assessments of the same request are shown with it: as known then"
        " (from the version of the history that was viewed, under the same policy version and revision), as known now"
        " (under the same policy version), and under every other policy version. The program only recommends. A person"
        " makes every decision.",
        "muted",
    )
    yield from contents_replay.replayed(
        case.determination, f"Determination under appeal: {_named(case.determination.recorded)}", words
    )
    for one in case.appeal_decisions:
        appeal = entry_of(one.recorded.appeal_id or "")
        yield from contents_replay.replayed(one, f"The decision of appeal {appeal}: {_named(one.recorded)}", words)


def _named(one: Recorded) -> str:
    return f"{plain(one.kind)} on {one.decided_on}"


# -- the facts ----------------------------------------------------------------------------------


def _facts(case: AppealDossier) -> Iterator[Block]:
    yield Paragraph(
        "Facts that the clauses use, as known at the determination, and as known now for the same day. An"
        " unknown fact is never treated as “no”.",
        "muted",
    )
    rows = [
        row(
            Cell(_fact_name(one.name)),
            value(one.as_known_then),
            Cell(value(one.as_known_now), "strong" if one.changed else "plain"),
            is_marked=one.changed,
        )
        for one in case.facts
    ]
    yield grid(("Fact", "At the determination", "Known now"), (36, 32, 32), rows, "No assessment is possible.")
    yield Heading("Courses of Lemtrada, as known now")
    yield from contents_record.courses(case)


def _fact_name(name: str) -> str:
    return capital(field(name))
