"""The sections about the record: documents, policy, people, deadlines, notices, corrections, and checksums."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from api.dossier.blocks import Block, BlockRow, Cell, Heading, Pairs, Paragraph, grid, row
from api.dossier.words import Words, capital, field, listed, plain, provenance, size
from projections.courses import CourseView, DoseView, entry_marks, given_in_words
from projections.dossier.case_file import AppealDossier, CaseDocument
from projections.dossier.deadlines import Deadline
from projections.dossier.participants import Participant
from projections.event_text import entry_of
from projections.timeline import TimelineEntry

# -- courses ------------------------------------------------------------------------------------


def courses(case: AppealDossier) -> Iterator[Block]:
    rows = [one for course in case.courses.courses for one in _course(course)]
    rows += [_dose(one, "not counted") for one in case.courses.other_entries]
    yield grid(
        ("Course or dose", "Day", "Given", "Source", "Departures"),
        (22, 16, 22, 22, 18),
        rows,
        "No courses or doses are on record.",
    )


def _course(course: CourseView) -> Iterator[BlockRow]:
    given = (
        given_in_words(course)
        if course.doses_given is None
        else f"{course.doses_given} of {course.regimen_doses} doses"
    )
    yield row(
        Cell(f"Course {course.number}", "strong", note=plain(course.status)),
        f"last {course.last_dose_on}" if course.last_dose_on is not None else "date not known",
        given,
        Cell(
            course.origin,
            note=f"imported from {course.imported_from.source}" if course.imported_from is not None else "",
        ),
        "",
    )
    yield from (_dose(one, "") for one in course.doses)


def _dose(one: DoseView, note: str) -> BlockRow:
    marks = entry_marks(one)
    imported = f"imported from {one.imported_from.source}" if one.imported_from is not None else ""
    return row(
        Cell(entry_of(one.dose_id), "muted", indent=1, note="; ".join([*marks, *filter(None, [note])])),
        one.on.isoformat(),
        f"{one.mg:g} mg",
        Cell(f"{plain(one.source)}, {one.source_reference}", note=imported),
        listed([plain(found) for found in one.variances]),
    )


# -- documents ----------------------------------------------------------------------------------


def documents(case: AppealDossier, words: Words, links: Callable[[CaseDocument], str]) -> Iterator[Block]:
    yield Paragraph(
        "Every document of the request and of its appeals, as received. Each file is in this folder under the"
        " name in the first column, with the SHA-256 that is shown.",
        "muted",
    )
    yield grid(
        ("File", "Document and SHA-256", "Received", "Review"),
        (15, 45, 11, 29),
        [_document(one, words, links(one)) for one in case.documents],
        "No document was received.",
    )
    if case.documents_of_other_requests:
        count = case.documents_of_other_requests
        yield Paragraph(f"Documents of other requests, not part of this case: {count}.", "muted")


def _document(one: CaseDocument, words: Words, link: str) -> BlockRow:
    document = one.on_record.document
    clause = f", for {document.clause}" if document.clause is not None else ""
    marks = [
        word for word, holds in (("voided", one.on_record.voided), ("corrected", one.on_record.corrected)) if holds
    ]
    with_appeal = f", with appeal {entry_of(one.on_record.appeal_id)}" if one.on_record.appeal_id is not None else ""
    reviews = [
        f"{'Supports' if review.supports else 'Does not support'} {review.clause}: {review.by.name},"
        f" {words.at(review.reviewed_at)}{f'. {review.note}' if review.note else ''}"
        for review in one.on_record.reviews
    ]
    return row(
        Cell(one.file, "mono", href=link, note=f"{size(document.size_bytes)}"),
        Cell(
            f"{document.name} ({plain(document.kind)}{clause}){'; ' + listed(marks) if marks else ''}",
            note=document.sha256,
        ),
        Cell(one.on_record.received_on.isoformat(), note=with_appeal.removeprefix(", ")),
        "; ".join(reviews) or "Not reviewed yet.",
        is_marked=one.on_record.voided,
    )


# -- the policy ---------------------------------------------------------------------------------


def policy(case: AppealDossier) -> Iterator[Block]:
    applied = next((one for one in case.editions if one.is_applied), None)
    yield Paragraph(
        "Clauses are cited by number and paraphrased. The text of the policy is confidential and not included.",
        "muted",
    )
    if applied is None:
        yield Paragraph(
            "The policy version of the determination is not known. The clauses are those of the newest version.",
            "warning",
        )
    yield grid(
        ("Edition", "Revision", "Source", "Digest (SHA-256)"),
        (16, 10, 24, 50),
        [
            row(
                Cell(one.key, "strong" if one.is_applied else "plain", note="applied" if one.is_applied else ""),
                str(one.revision),
                provenance(one.provenance),
                Cell(one.digest, "mono"),
            )
            for one in case.editions
        ],
        "No policy version is on file for the day of receipt.",
    )
    yield Heading(f"The clauses of policy version {applied.key}" if applied is not None else "The clauses")
    yield grid(
        ("Clause", "Requirement", "Readings"),
        (18, 62, 20),
        [
            row(
                Cell(one.citation, "strong", indent=one.depth),
                Cell(one.paraphrase, note="a supporting document is required" if one.documentation_required else ""),
                Cell(listed(one.readings), "muted"),
            )
            for one in case.clauses
        ],
        "",
    )
    yield Heading("Readings of the policy where it is silent or ambiguous")
    yield grid(
        ("Reading", "Question", "Reading", "Used by"),
        (9, 21, 46, 24),
        [
            row(Cell(one.number, "strong"), one.question, one.answer, Cell(listed(one.relied_on_by), "muted"))
            for one in case.readings
        ],
        "",
    )


# -- the people ---------------------------------------------------------------------------------


def people(case: AppealDossier) -> Iterator[Block]:
    yield Heading("Was the appeal decided independently?")
    yield grid(
        ("Person", "Worked on the appeal", "Independence, from the record at that event"),
        (30, 18, 52),
        [
            row(
                Cell(one.actor.name, "strong", note=_credentials(one.actor.credential, one.actor.specialty)),
                f"{one.did}, event {one.version}",
                Cell(one.sentence, "plain" if one.is_independent else "not_met"),
                is_marked=not one.is_independent,
            )
            for one in case.independence
        ],
        "The appeal was neither assigned nor decided.",
    )
    yield Heading("Events by user")
    yield grid(
        ("Person", "Role and credential", "Part", "Recorded"),
        (22, 22, 20, 36),
        [_participant(one) for one in case.people],
        "",
    )
    yield Heading("Others")
    yield Pairs(tuple((one.name, capital(one.part)) for one in case.outsiders))


def _participant(one: Participant) -> BlockRow:
    actor = one.actor
    superiors = f"reports to {listed(actor.reports_to)}" if actor.reports_to else ""
    deeds = [f"{deed.title} ({deed.version})" for deed in one.deeds]
    return row(
        Cell(actor.name, "strong", note=actor.id),
        Cell(
            plain(actor.role),
            note="; ".join(filter(None, (_credentials(actor.credential, actor.specialty), superiors))),
        ),
        capital(listed(one.parts)),
        listed(deeds) or "Nothing yet.",
    )


def _credentials(credential: str, specialty: str | None) -> str:
    words = "no credential" if credential == "none" else plain(credential)
    return f"{words}, {specialty}" if specialty is not None else words


# -- deadlines ----------------------------------------------------------------------------------


def clocks(case: AppealDossier, words: Words) -> Iterator[Block]:
    yield grid(
        ("What", "From", "Due", "Done", "Rule"),
        (17, 14, 14, 17, 38),
        [_deadline(one, words) for one in case.deadlines],
        "",
    )
    yield Heading("Rules that apply")
    yield from (Paragraph(f"{capital(one)}.") for one in case.clock_terms)


def _deadline(one: Deadline, words: Words) -> BlockRow:
    pauses = [f"paused {words.at(stop.since)} to {words.at(stop.until)}" for stop in one.stood_still]
    return row(
        Cell(one.what, "strong"),
        words.at(one.starts_at) or "the notice",
        words.until(one.due_at),
        Cell(
            one.standing if one.ended_at is None else words.at(one.ended_at),
            note="" if one.ended_at is None else one.standing,
        ),
        Cell(one.rule, note="; ".join([one.source, *pauses])),
        is_marked=one.standing == "late",
    )


# -- information and notices --------------------------------------------------------------------


def notices(case: AppealDossier, words: Words) -> Iterator[Block]:
    yield Heading("Requested information")
    yield grid(
        ("Requested", "For", "Due", "Complete response"),
        (16, 50, 17, 17),
        [
            row(
                words.at(one.asked_at),
                "; ".join(f"{asked.clause}: {listed([field(name) for name in asked.missing])}" for asked in one.asked),
                words.until(one.answer_by),
                words.at(one.answered_at) or "not yet",
            )
            for one in case.request.askings
        ],
        "No information was requested.",
    )
    yield Heading("Notices")
    yield grid(
        ("Notice", "Of", "To", "Issued", "Delivered"),
        (10, 24, 30, 18, 18),
        [
            row(
                Cell(entry_of(one.notice_id), "strong"),
                Cell(plain(one.kind), note=f"appeal {entry_of(one.appeal_id)}" if one.appeal_id is not None else ""),
                Cell(one.addressee, note=f"by {plain(one.channel)}"),
                words.at(one.issued_at),
                words.at(one.delivered_at) or "not recorded",
            )
            for one in case.notices
        ],
        "No notice is on record.",
    )


# -- corrections, imports -----------------------------------------------------------------------


def corrections(case: AppealDossier, words: Words) -> Iterator[Block]:
    yield Paragraph(
        "Nothing is edited or deleted. A later event corrects or voids an entry, and both stay on record (R23).",
        "muted",
    )
    yield Heading("Corrections")
    yield _entries(case.corrections, words, "Nothing was corrected.")
    yield Heading("Imported from another record")
    yield _entries(case.imported, words, "Nothing was imported.")


def _entries(entries: tuple[TimelineEntry, ...], words: Words, nothing: str) -> Block:
    return grid(
        ("No.", "Happened", "Recorded", "What", "Source"),
        (6, 16, 16, 42, 20),
        [
            row(
                Cell(str(one.version), "muted"),
                words.happened(one.happened),
                words.at(one.recorded_at),
                Cell(one.title, note=one.sentence),
                f"{one.imported_from.source}, {one.imported_from.reference}"
                if one.imported_from is not None
                else one.who.name,
            )
            for one in entries
        ],
        nothing,
    )


# -- how to check it ----------------------------------------------------------------------------


def how_to_check(files: tuple[tuple[str, str], ...]) -> Iterator[Block]:
    yield Paragraph(
        "This file was made from the events of the history up to the time on its first page, the documents, the"
        " revisions of the policy versions, and the version of the renderer. The same input always gives the same"
        " file. In the folder, `sha256sum -c SHA256SUMS` compares every file with its checksum.",
    )
    yield Pairs(files)
