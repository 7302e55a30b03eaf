"""Ids of records that are there, put into the path of what schemathesis makes up.

Every fourth value is left as it was made up, and every one that is not of the right shape.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from datetime import date
from typing import Any

from schemathesis import Case

from tests.api.routes.commands.acts import Api
from tests.api.routes.commands.stage import stage
from tests.api.routes.commands.stages import KINDS, staged

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
SHAPES = {
    "patient_id": re.compile(_UUID, re.IGNORECASE),
    "request_id": re.compile(_UUID + r"\.r[0-9]{1,6}"),
    "dose_id": re.compile(_UUID + r"\.d[0-9]{1,6}"),
    "report_id": re.compile(_UUID + r"\.t[0-9]{1,6}"),
    "document_id": re.compile(_UUID + r"\.f[0-9]{1,6}"),
    "notice_id": re.compile(_UUID + r"\.n[0-9]{1,6}"),
    "appeal_id": re.compile(_UUID + r"\.a[0-9]{1,6}"),
    "agent_entry_id": re.compile(_UUID + r"\.g[0-9]{1,6}"),
}
KEY = re.compile(r"[\x21-\x7e]{1,200}")
DIGEST = re.compile(r"[0-9a-f]{64}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
PATIENTS = 20
PATIENTS_OF_A_KIND = 3


def draw(value: object) -> int:
    """A number that depends on the value alone, so that a run repeats."""
    return int.from_bytes(hashlib.sha256(repr(value).encode()).digest()[:4], "big")


def begins_with_a_day(value: str) -> bool:
    """Whether the value begins with a day of the calendar. A day that is none was made to be refused, and stays."""
    try:
        return DAY.match(value) is not None and bool(date.fromisoformat(value[:10]))
    except ValueError:
        return False


def plausible(name: str, value: Any) -> Any:
    """The same value, or the nearest that a record can hold: its type and its place are left as they are."""
    if isinstance(value, dict):
        return {inner: plausible(inner, part) for inner, part in value.items()}
    if isinstance(value, list):
        return [plausible(name, part) for part in value]
    if not isinstance(value, str) or not value:
        return value
    if name == "edition":
        return "2025-07-23" if DAY.fullmatch(value) and begins_with_a_day(value) else value
    if name == "birth_date":
        return "1988-05-17" if DAY.fullmatch(value) and begins_with_a_day(value) else value
    if name.endswith("_at"):
        return f"2026-04-{draw(value) % 9 + 10}T09:00:00Z" if begins_with_a_day(value) else value
    if DAY.fullmatch(value):
        if not begins_with_a_day(value):
            return value
        return f"20{draw(value) % 3 + 23}-04-{draw(value) % 9 + 10}"
    return CONTROL.sub("", value).strip() or "x"


class Seeds:
    """`used` counts how often an operation was asked about a record that is there."""

    def __init__(self, api: Api) -> None:
        self.api = api
        stages = [stage(api, f"seed-{number}") for number in range(PATIENTS)]
        self.patients = [one.patient for one in stages]
        self.pools = {
            "patient_id": self.patients,
            "request_id": [one.paths["approve"].split("/")[2] for one in stages],
            "dose_id": [one.paths[name].split("/")[2] for one in stages for name in ("void", "dismiss")],
        }
        for one in (
            staged(api, kind, f"seed-{kind.__name__}-{n}") for kind in KINDS for n in range(PATIENTS_OF_A_KIND)
        ):
            for name, value in one.ids.items():
                self.pools.setdefault(name, []).append(value)
        self.used: Counter[str] = Counter()

    def fit(self, case: Case[Any]) -> None:
        """Three cases of four are made to fit: ids of records that are there, days and words that can be meant."""
        apart = (case.body, case.query, sorted(case.headers.items()))
        known = {name: self._known(name, value, apart) for name, value in case.path_parameters.items()}
        if known != case.path_parameters:
            case.path_parameters = known
        if any(value in self.pools.get(name, ()) for name, value in known.items()):
            self.used[case.operation.label] += 1
        if not isinstance(case.body, dict) or draw(case.body) % 4 == 0:
            return
        if KEY.fullmatch(str(case.headers.get("Idempotency-Key", ""))):
            # The document's example is one key, and would be the same key with another body ever after.
            case.headers["Idempotency-Key"] = f"{draw(case.body):x}"
        body = {name: plausible(name, value) for name, value in case.body.items()}
        if DIGEST.fullmatch(str(body.get("assessment_digest"))) and (seen := self._looked_at(known)) is not None:
            body["assessment_digest"] = seen
        if body != case.body:
            case.body = body

    def _looked_at(self, known: dict[str, Any]) -> str | None:
        """The digest of what a request is judged on today, or the request that is appealed."""
        request_id, appeal_id = known.get("request_id"), known.get("appeal_id")
        if appeal_id in self.pools["appeal_id"]:
            request_id = self.api.asked(f"/appeals/{appeal_id}")["request_id"]
        if request_id not in self.pools["request_id"]:
            return None
        return str(self.api.asked(f"/requests/{request_id}")["assessment_digest"])

    def _known(self, name: str, value: Any, apart: object) -> Any:
        """`apart` tells cases apart that carry the one id of the document's examples."""
        if name == "course" and isinstance(value, int) and value >= 1:
            return 1 if draw((value, apart)) % 4 else value
        if name not in SHAPES or not isinstance(value, str) or not SHAPES[name].fullmatch(value):
            return value
        number, pool = draw((value, apart)), self.pools[name]
        return pool[number % len(pool)] if number % 4 else value
