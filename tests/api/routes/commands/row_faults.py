"""What can be wrong with the body of a row of the table of further commands; `faults` has what all bodies share."""

from __future__ import annotations

from tests.api.routes.commands.faults import (
    ABOUT_A_DIGEST,
    ABOUT_A_REASON,
    IMPOSSIBLE_AMOUNTS,
    IMPOSSIBLE_COUNTS,
    IMPOSSIBLE_DATES,
    IMPOSSIBLE_TEXTS,
    REMOVED,
    Fault,
    at,
)

NOBODY = "00000000-0000-4000-8000-000000000000"
TEXTS = tuple(one for one in IMPOSSIBLE_TEXTS if one is not None)
"""For a text that may be left out; null leaves it out."""

UNREADABLE_INSTANTS = (
    "2026-04-20T09:00:00", "2026-02-30T09:00:00Z", "2026-04-20", "9999-12-31T23:59:59Z", 1_776_700_000, "", True, [],
)  # fmt: skip
TOMORROW, A_SECOND_FROM_NOW = "2026-04-29", "2026-04-28T16:00:01Z"
YESTERDAY, BEFORE_THE_REQUEST = "2026-04-27", "2026-04-20T13:59:59Z"


def text(place: str, most: int) -> tuple[Fault, ...]:
    """A text that has to be given, of so many characters at the most."""
    return tuple(at(place, REMOVED, *IMPOSSIBLE_TEXTS, "n" * (most + 1)))


def instant(place: str, *impossible: str) -> tuple[Fault, ...]:
    return tuple(at(place, REMOVED, None, *UNREADABLE_INSTANTS, *impossible))


def day(place: str, *impossible: str) -> tuple[Fault, ...]:
    """A day, month or year that has to be given."""
    return tuple(at(place, REMOVED, None, *IMPOSSIBLE_DATES, *impossible))


_MEMBER = (
    *at("member", REMOVED, None, [], "M-1"),
    *text("member.member_id", 200),
    *at("member.issuer", *IMPOSSIBLE_TEXTS),
)
_OTHER = (*ABOUT_A_REASON, *at("other_patient_id", REMOVED, None, "", "nobody", 5, []))
_ACTOR = (*at("to", REMOVED, None, "r.nurse", []), *at("to.role", REMOVED, None, "admin"), *text("to.name", 200))
_EXPEDITING = (*ABOUT_A_REASON, *instant("asked_at", A_SECOND_FROM_NOW, BEFORE_THE_REQUEST))
_GRANTING = (
    *at("doses", *IMPOSSIBLE_COUNTS, 6),
    *at("valid_from", *IMPOSSIBLE_DATES),
    *at("path", "C", "", 1),
    *at("left_out", *TEXTS),
    *at("citing", None, "1.A.iii", {}, ["1.A.iii"] * 41),
)
_DOCUMENT = (
    *at("documents", None, {}, "a file"),
    *at("documents.0.sha256", REMOVED, None, "0" * 63, "G" * 64, "0" * 64),
    *at("documents.0.size_bytes", *IMPOSSIBLE_COUNTS, 1),
    *at("documents.0.media_type", REMOVED, None, "image/gif", "image/png"),
    *at("documents.0.kind", REMOVED, None, "novel"),
    *text("documents.0.name", 200),
    *at("documents.0.clause", *TEXTS, "9.Z"),
)

ROW_FAULTS: dict[str, tuple[Fault, ...]] = {
    "correct_demographics": (
        *ABOUT_A_REASON,
        *at("name", *TEXTS),
        *at("birth_date", *IMPOSSIBLE_DATES, TOMORROW, "2027", "2026-04-27"),
    ),
    "add_member_identifier": _MEMBER,
    "retire_member_identifier": (*ABOUT_A_REASON, *_MEMBER),
    "link_histories": _OTHER,
    "unlink_histories": _OTHER,
    "change_line_of_business": (*day("on", "1988-05-16"), *at("line_of_business", REMOVED, None, "dental")),
    "name_representative": (
        *text("name", 200),
        *at("relationship", REMOVED, None, "friend"),
        *at("on", *IMPOSSIBLE_DATES, "1988-05-16"),
        *at("through", *IMPOSSIBLE_DATES, YESTERDAY),
        *at("document_id", "", "f1", 5),
    ),
    "record_death": (*day("on", TOMORROW, "1988-05-16", "1987"), *text("source", 2000)),
    "void_death_record": ABOUT_A_REASON,
    "void_agent_entry": ABOUT_A_REASON,
    "record_agent_started": (
        *text("product", 200),
        *at("product", "Lemtrada", "alemtuzumab"),
        *day("on", TOMORROW, "1987"),
        *text("source", 2000),
    ),
    "record_agent_stopped": (*text("product", 200), *at("product", "Lemtrada"), *day("on", "1987")),
    "correct_prior_treatment": (
        *ABOUT_A_REASON,
        *at("courses", REMOVED, None, {}, [{}] * 21),
        *at("courses.0.doses_given", *IMPOSSIBLE_COUNTS, 31),
        *at("courses.0.doses_given", 6, 30, names="courses.0.completed"),
        *at("courses.0.last_dose_on", *IMPOSSIBLE_DATES, TOMORROW, "1987"),
        *at("courses.0.completed", "yes", 1),
        *at("source", "heard", []),
        *at("reference", *TEXTS),
        *at("reported_on", *IMPOSSIBLE_DATES, TOMORROW, "2026-04", "1988-05-16"),
    ),
    "void_prior_treatment": ABOUT_A_REASON,
    "attribute_report": (*ABOUT_A_REASON, *at("tells_of", REMOVED, None, "all_doses", True)),
    "review_dose": ABOUT_A_REASON,
    "confirm_approval": ABOUT_A_REASON,
    "confirm_part_of_dose": ABOUT_A_REASON,
    "state_dose_days": (
        *ABOUT_A_REASON,
        *at("days", REMOVED, None, *IMPOSSIBLE_COUNTS, 84),
        *at("first_on", *IMPOSSIBLE_DATES, TOMORROW, "2026-04"),
        *at("last_on", *IMPOSSIBLE_DATES, TOMORROW, "2026-04"),
    ),
    "settle_voided_claim": (*ABOUT_A_REASON, *at("finding", REMOVED, None, "given", True)),
    "correct_dose": (
        *ABOUT_A_REASON,
        *at("on", *IMPOSSIBLE_DATES, TOMORROW, "1988-05-16", "2026-04"),
        *at("mg", *IMPOSSIBLE_AMOUNTS, 1000.5),
        *at("site", *TEXTS),
        *at("request_id", "", "r1", 5),
        *at("course", *IMPOSSIBLE_COUNTS, 1001),
    ),
    "request_information": (
        *ABOUT_A_DIGEST,
        *at("answer_by", *UNREADABLE_INSTANTS, "2026-04-28T12:00:00Z", "2027-04-28T17:00:00Z"),
        *at("extend", "yes", []),
        *at("extend.notice", *TEXTS),
        *at("note", *TEXTS),
    ),
    "supply_information": (
        *instant("received_at", A_SECOND_FROM_NOW, BEFORE_THE_REQUEST),
        *at("statement", None, [], "as before"),
        *at("statement.surprise", None),
        *_DOCUMENT,
    ),
    "correct_statement": (
        *ABOUT_A_REASON,
        *at("statement", REMOVED, None, []),
        *at("statement.diagnosis", "ms", []),
        *at("statement.agents.0.stopped_on", *IMPOSSIBLE_DATES),
        *at("line_of_business", "dental"),
    ),
    "correct_receipt": (
        *ABOUT_A_REASON,
        *instant("received_at", A_SECOND_FROM_NOW, "2026-04-20T14:00:01Z", "1988-05-16T12:00:00Z"),
        *at("receipt_source", REMOVED, None, "pigeon", 5),
    ),
    "send_reminder": (*at("channel", REMOVED, None, "pigeon"), *at("note", *TEXTS)),
    "change_planned_infusion": (
        *at("planned_first_infusion_on", REMOVED, *IMPOSSIBLE_DATES),
        *at("planned_site", REMOVED, *TEXTS),
    ),
    "change_prescriber": (*at("prescriber", REMOVED, None, []), *text("prescriber.name", 200)),
    "assign_request": (*_ACTOR, *at("to.role", "requester", "service")),
    "release_request": (),
    "withdraw_request": (*ABOUT_A_REASON, *text("by", 200)),
    "dismiss_request": (
        *ABOUT_A_REASON,
        *at("ground", REMOVED, None, "boring"),
        *at("duplicate_of", "", "r1", 5, f"{NOBODY}.r1"),
    ),
    "reopen_request": ABOUT_A_REASON,
    "offer_peer_to_peer": (*at("until", *IMPOSSIBLE_DATES, YESTERDAY), *at("note", *TEXTS)),
    "hold_peer_to_peer": (
        *at("on", *IMPOSSIBLE_DATES, TOMORROW, "2026-04-19"),
        *text("with_whom", 200),
        *text("outcome", 2000),
    ),
    "expedite_request": _EXPEDITING,
    "refuse_expediting": _EXPEDITING,
    "extend_clock": (*ABOUT_A_REASON, *text("notice", 2000), *at("days", *IMPOSSIBLE_COUNTS, 16, 61)),
    "issue_notice": (
        *at("kind", REMOVED, None, "greeting", "approval", "dismissal"),
        *at("channel", REMOVED, None, "pigeon"),
        *text("addressee", 200),
        *instant("issued_at", A_SECOND_FROM_NOW, "2026-04-27T12:00:00Z"),
        *at("appeal_id", "", "a1", 5),
    ),
    "record_delivery": instant("delivered_at", A_SECOND_FROM_NOW, "2026-04-27T12:00:00Z"),
    "extend_approval": (*ABOUT_A_DIGEST, *at("rationale", *TEXTS)),
    "rescind_approval": (*ABOUT_A_REASON, *at("ground", REMOVED, None, "boredom")),
    "import_past_determination": (
        *at("outcome", REMOVED, None, "maybe"),
        *day("decided_on", TOMORROW, "2026-04-19"),
        *at("citing", None, "1.A.iii", {}),
        *at("edition", *IMPOSSIBLE_TEXTS, "2020-01-01"),
        *at("doses_approved", *IMPOSSIBLE_COUNTS, 6, 5),
        *at("credential", "doctor"),
    ),
    "review_document": (
        *text("clause", 200),
        *at("clause", "9.Z"),
        *at("supports", REMOVED, None, "yes", 1),
        *at("note", *TEXTS),
    ),
    "correct_document": (*ABOUT_A_REASON, *at("name", *TEXTS), *at("kind", "novel"), *at("clause", *TEXTS, "9.Z")),
    "void_document": ABOUT_A_REASON,
    "file_appeal": (
        *instant("received_at", A_SECOND_FROM_NOW, "2026-04-27T12:00:00Z"),
        *at("urgency", None, "soon"),
        *text("grounds", 2000),
        *at("filer", REMOVED, None, [], "Alma"),
        *text("filer.name", 200),
        *at("filer.relation", REMOVED, None, "friend"),
    ),
    "add_appeal_evidence": (
        *instant("received_at", A_SECOND_FROM_NOW, BEFORE_THE_REQUEST),
        *at("statement", None, []),
        *at("documents", None, {}),
        *at("note", *TEXTS),
    ),
    "assign_appeal": _ACTOR,
    "decide_appeal": (
        *ABOUT_A_DIGEST,
        *at("outcome", REMOVED, None, "maybe"),
        *text("rationale", 2000),
        *_GRANTING,
        *at("citing", REMOVED, [], ["9.Z"]),
        *at("doses", 5),
    ),
    "withdraw_appeal": (*ABOUT_A_REASON, *text("by", 200)),
    "dismiss_appeal": (*ABOUT_A_REASON, *at("ground", REMOVED, None, "boring", "late")),
    "hand_on_appeal": (*text("organisation", 200), *at("on", *IMPOSSIBLE_DATES, TOMORROW, YESTERDAY)),
    "record_external_answer": (
        *ABOUT_A_DIGEST,
        *day("received_on", TOMORROW, YESTERDAY, "2026-04"),
        *at("outcome", REMOVED, None, "maybe"),
        *text("rationale", 2000),
        *_GRANTING,
    ),
}
