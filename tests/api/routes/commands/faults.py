"""What can be wrong with a body: a table for every command, and one for what they share.

A fault is a change to a body that would be accepted, and the field that the refusal must name.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from tests.api.routes.commands.acts import Json

REMOVED = object()
HUGE = 10**30
DIGITS = 10**4000


@dataclass(frozen=True)
class Fault:
    """`value` in the place of `at`; REMOVED takes it away. `names` is the field that must be named."""

    at: str
    value: Any
    names: str

    def applied(self, body: Json) -> Json:
        body = deepcopy(body)
        *way, last = self.at.split(".")
        inner: Any = body
        for part in way:
            inner = inner[int(part)] if isinstance(inner, list) else inner.setdefault(part, {})
        if self.value is REMOVED:
            del inner[last]
        elif isinstance(inner, list):
            inner[int(last)] = self.value
        else:
            inner[last] = self.value
        return body


def at(place: str, *values: Any, names: str | None = None) -> Iterator[Fault]:
    return (Fault(place, value, names or place) for value in values)


IMPOSSIBLE_DATES: tuple[Any, ...] = (
    "2026-02-30", "2026-13-01", "2026-00-01", "0000-01-01", "1899-12-31", "2200-01-01", "26-1-1",
    "2026-04-20T00:00:00", "today", "", 20260420, 1.5, True, [], {},
)  # fmt: skip
IMPOSSIBLE_TEXTS: tuple[Any, ...] = ("", "   ", "\x00", "a\x00b", "a\x1bb", "a\x7fb", 5, True, [], {}, None)
IMPOSSIBLE_COUNTS: tuple[Any, ...] = (0, -1, 1.5, "3", True, [], HUGE, DIGITS, -HUGE)
IMPOSSIBLE_AMOUNTS: tuple[Any, ...] = (0, -1, -0.001, "12", True, [], 1e300, HUGE, DIGITS)

SHARED = (
    *at("surprise", None, 1, names="surprise"),
    *at("Alma Synthetic", 1, names="(unknown)"),
    # Only the token says who acts.
    *at("actor", None, [], {}, "r.nurse", 5, {"id": "r.nurse"}),
)
ABOUT_A_REASON = (*at("reason", REMOVED, *IMPOSSIBLE_TEXTS, "r" * 2001),)
ABOUT_A_DIGEST = (*at("assessment_digest", REMOVED, None, "", "0" * 63, "0" * 65, "G" * 64, "A" * 64, 5),)

FAULTS: dict[str, tuple[Fault, ...]] = {
    "open": (
        *at("member", REMOVED, None, [], "M-1"),
        *at("member.member_id", REMOVED, *IMPOSSIBLE_TEXTS, "m" * 201),
        *at("member.issuer", *IMPOSSIBLE_TEXTS),
        *at("member.surprise", 1),
        *at("name", REMOVED, *IMPOSSIBLE_TEXTS, "n" * 201),
        *at("birth_date", *IMPOSSIBLE_DATES, "2026-04-29", "2026-05", "2027", "19880517"),
    ),
    "report": (
        *at("courses", REMOVED, None, {}, "none", [{}] * 21),
        *at("courses.0", None, [], 5),
        *at("courses.0.surprise", 1),
        *at("courses.0.doses_given", *IMPOSSIBLE_COUNTS, 1, 2, 6, 30, 31),
        *at("courses.0.mg_total", *IMPOSSIBLE_AMOUNTS),
        *at("courses.0.last_dose_on", *IMPOSSIBLE_DATES, "2026-04-29", "2027", "1988-05-16", "1987"),
        *at("courses.0.first_dose_on", *IMPOSSIBLE_DATES, "2026-05"),
        *at("courses.0.first_dose_on", "2024-04-01", names="courses.0.last_dose_on"),
        *at("courses.0.completed", False, "yes", 1),
        *at("source", REMOVED, None, "heard", []),
        *at("reference", "", "a\x00", "r" * 201, 5),
        *at("reported_on", *IMPOSSIBLE_DATES, "2026-04-29", "2026-04", "1988-05-16"),
        *at("reported_on", "2024-02-29", names="courses.0.last_dose_on"),
        *at("confirms_record", None, "yes", 1),
    ),
    "submit": (
        *at("receipt_source", "pigeon", "fax", "mail", "phone", 5, []),
        *at("received_at", "2026-04-28T16:00:01Z", "2026-04-20T14:00:00Z", "2026-04-20T09:00:00",
            "2026-02-30T09:00:00Z", "2026-04-20", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", 1_776_700_000, ""),
        *at("line_of_business", REMOVED, None, "dental"),
        *at("urgency", None, "soon"),
        *at("prescriber", REMOVED, None, []),
        *at("prescriber.name", REMOVED, *IMPOSSIBLE_TEXTS),
        *at("prescriber.npi", "123456789", "12345678901", "123456789a", 1234567890, "١٢٣٤٥٦٧٨٩٠"),
        *at("consultation", [], "none"),
        *at("consultation", {"specialty": None}, {}, names="consultation.specialty"),
        *at("planned_first_infusion_on", *IMPOSSIBLE_DATES),
        *at("statement", REMOVED, None, [], "as before"),
        *at("statement.surprise", None),
        *at("statement.agents", None, {}, "none"),
        *at("statement.agents.0.product", REMOVED, *IMPOSSIBLE_TEXTS),
        *at("statement.agents.0.stopped_on", *IMPOSSIBLE_DATES),
        *at("statement.diagnosis", "ms", [], 5),
        *at("statement.diagnosis_codes", None, "G35.A", ["G35.A"] * 21),
        *at("statement.hiv_infection", "false", 0, []),
        *at("statement.requested_dosing.mg_per_day", *IMPOSSIBLE_AMOUNTS),
        *at("statement.requested_dosing.consecutive_days", *IMPOSSIBLE_COUNTS, 367),
        *at("statement.aggressive_disease", {"mri": {"surprise": 1}},
            names="statement.aggressive_disease.mri.surprise"),
    ),
    "approve": (
        *ABOUT_A_DIGEST,
        *at("doses", *IMPOSSIBLE_COUNTS, 6),
        *at("valid_from", *IMPOSSIBLE_DATES, "2026-04-27", "2026-05-29"),
        *at("path", "C", "", 1),
        *at("left_out", REMOVED, "", "a\x00", 5, "l" * 2001),
        *at("citing", REMOVED, [], ["9.Z"], None, "Dosing.A"),
        *at("citing.0", None, "", 1, "a\x00"),
        *at("rationale", REMOVED, "", "a\x00", 5, "r" * 2001),
    ),
    "deny": (
        *ABOUT_A_DIGEST,
        *at("citing", REMOVED, None, [], {}, "1.B.iv", ["1.Z"], ["1.A.i"] * 41),
        *at("citing.0", None, "", 1, "Alma Synthetic", "1.A\n"),
        *at("rationale", REMOVED, *IMPOSSIBLE_TEXTS, "r" * 2001),
    ),
    "refer": (*ABOUT_A_DIGEST, *at("rationale", "", "  ", "a\x00", 5, [])),
    "dose": (
        *at("on", REMOVED, None, *IMPOSSIBLE_DATES, "2026-04-29", "1988-05-16", "2026-04"),
        *at("mg", REMOVED, None, *IMPOSSIBLE_AMOUNTS, 1000.5),
        *at("site", "", "a\x00", 5, "s" * 201),
        *at("source", REMOVED, None, "pharmacy", []),
        *at("source_reference", REMOVED, *IMPOSSIBLE_TEXTS, "r" * 201),
        *at("request_id", "", "r1", "not-a-patient.r1", 5),
    ),
    "claim": (
        *at("reference", REMOVED, *IMPOSSIBLE_TEXTS, "r" * 151, "two words"),
        *at("on", REMOVED, None, *IMPOSSIBLE_DATES, "2026-04-29", "1988-05-16", "2026-04"),
        *at("hcpcs", REMOVED, None, "J1303", "j0203"),
        *at("units", REMOVED, None, 12.5, "12", 1001, -1001, True),
        *at("frequency_code", "", "6", "A", 0, 2, True, []),
        *at("claim_status", "", "pending", "Alma", 1, []),
        *at("original_reference", "", "two words", 5),
    ),
    "void": ABOUT_A_REASON,
    "confirm": ABOUT_A_REASON,
    "dismiss": ABOUT_A_REASON,
    "close": ABOUT_A_REASON,
}  # fmt: skip

UNREADABLE: dict[str, bytes] = {
    "broken UTF-8": b'{"name": "\xff\xfe"}',
    "half a character": b'{"name": "\xc3"}',
    "UTF-16": '{"name": "Alma"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"name": "Alma"}',
    "half a surrogate pair": b'{"name": "\\ud800"}',
    "cut short": b'{"actor": {"id": "r.nu',
    "trailing text": b'{"name": "Alma"} and more',
    "NaN": b'{"mg": NaN}',
    "Infinity": b'{"mg": Infinity}',
    "minus Infinity": b'{"mg": -Infinity}',
    "single quotes": b"{'name': 'Alma'}",
    "deep nesting": b'{"a":' * 300 + b"1" + b"}" * 300,
    "very deep nesting": b"[" * 60_000,
    "a number of 5000 digits": b'{"mg": ' + b"1" * 5000 + b"}",
    "a NUL": b'{"name": "a\x00"}',
    "white space alone": b"  \n ",
}
NOT_AN_OBJECT: tuple[bytes, ...] = (b"", b"null", b"[]", b"5", b'"text"', b"true")
WRONG_TYPES = ("text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data", "json", "")
