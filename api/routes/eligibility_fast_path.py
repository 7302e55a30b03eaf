"""The eligibility of one patient as ready bytes, and the short road to them.

What an answer depends on is its key: the patient, the version of her history, the day in the plan's
zone, the revisions of the editions, and what the caller may see. The version is read from the ledger
for every request, so an answer that was kept is never a stale one. Whatever is asked in another way
than the plainest goes the long road, FastAPI's, to the same bytes.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from functools import cached_property, partial
from threading import Lock
from typing import Final, NamedTuple
from uuid import UUID

from eventsourcing.persistence import OperationalError
from pydantic import TypeAdapter, ValidationError
from starlette.types import Scope, Send

from api.http.etags import is_held, tag_of_eligibility
from api.identity.caller import Caller
from api.record_access.http import viewer_of
from domain.calendar import Day
from domain.history.state import PatientHistory
from domain.ledger.access_log.writer import AccessLog
from domain.ledger.application import Ledger
from domain.ledger.stores.stream_versions import PostgresHeads, SQLiteHeads, heads_of
from domain.permissions import views
from domain.policy import editions
from projections.eligibility import Eligibility, eligibility

BYTES_MAX: Final = 33_554_432
"""Of all answers that one process keeps: some thousands of patients. Whoever was asked for longest ago goes first."""

BYTES_BESIDE: Final = 2_048
"""What the key, the tag and the headers of one answer take up, at the most."""

MAKERS: Final = 4
"""Threads in which answers are made that are not at hand."""

RECORDING: Final = 32
"""Threads that wait for a look to be on disk; those who wait together are written together."""

_DAY: Final[TypeAdapter[date]] = TypeAdapter(Day)
_PATH: Final = re.compile(r"/patients/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/eligibility")
_QUERY: Final = re.compile(rb"as_of=(\d{4}-\d\d-\d\d)")


class Key(NamedTuple):
    """`server` is that of the head that was read; `revisions` are those of every edition that is known.

    `office` is whose own requests alone the caller sees; None is whoever sees everybody's.
    """

    patient_id: UUID
    version: int
    server: str
    day: date
    revisions: tuple[tuple[str, int], ...]
    office: str | None


class ReadyAnswer(NamedTuple):
    """An answer as it is sent, and the version of the history that it was made from."""

    version: int
    tag: str
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    headers_unchanged: tuple[tuple[bytes, bytes], ...]


def made(history: PatientHistory, day: date, office: str | None) -> ReadyAnswer:
    """As the long road sends it, byte by byte."""
    answer = eligibility(history, day, office=office)
    tag = tag_of_eligibility(history, day, answer.approvable, views.seen_by(office))
    body: bytes = Eligibility.__pydantic_serializer__.to_json(answer)
    tagged = ((b"etag", tag.encode()), (b"cache-control", b"private, no-cache"))
    sized = ((b"content-length", str(len(body)).encode()), (b"content-type", b"application/json"))
    return ReadyAnswer(history.version, tag, body, (*sized, *tagged), tagged)


class AnswerCache:
    """Those that were asked for last, within `bytes_max`. Safe for threads."""

    def __init__(self, bytes_max: int = BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._lock = Lock()
        self._kept: OrderedDict[Key, ReadyAnswer] = OrderedDict()
        self.bytes_kept = 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Key) -> ReadyAnswer | None:
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
        return found

    def keep(self, key: Key, answer: ReadyAnswer) -> None:
        with self._lock:
            if key not in self._kept:
                self._kept[key] = answer
                self.bytes_kept += len(answer.body) + BYTES_BESIDE
            while self.bytes_kept > self._bytes_max:
                _, dropped = self._kept.popitem(last=False)
                self.bytes_kept -= len(dropped.body) + BYTES_BESIDE


class EligibilityFastPath:
    """Takes GET /patients/{id}/eligibility, of today or of a day, in its plainest spelling.

    Whoever may not see it, or knows nothing of the patient, is told so on the long road.
    """

    def __init__(self, ledger: Ledger, accesses: AccessLog, bytes_max: int = BYTES_MAX) -> None:
        self._ledger = ledger
        self._accesses = accesses
        self.answers = AnswerCache(bytes_max)
        self._under_way: dict[Key, Future[ReadyAnswer]] = {}
        self._one_at_a_time = Lock()
        self._makers = ThreadPoolExecutor(MAKERS, thread_name_prefix="ready")
        self._recording = ThreadPoolExecutor(RECORDING, thread_name_prefix="looked")

    @cached_property
    def _heads(self) -> SQLiteHeads | PostgresHeads:
        return heads_of(self._ledger.recorder.datastore)

    def asked(self, scope: Scope) -> tuple[UUID, date | None] | None:
        """Whose eligibility, and of which day; None for what is not asked in this way."""
        if scope["type"] != "http" or scope["method"] != "GET" or scope.get("root_path"):
            return None
        if (place := _PATH.fullmatch(scope["path"])) is None:
            return None
        day = None
        if query := scope["query_string"]:
            if (of_day := _QUERY.fullmatch(query)) is None:
                return None
            try:
                day = _DAY.validate_python(of_day[1].decode())
            except ValidationError:
                return None
        return UUID(place[1]), day

    async def takes(self, scope: Scope, send: Send) -> bool:
        """Whether it was answered here. What goes wrong here is told on the long road."""
        if (asked := self.asked(scope)) is None or (caller := _who_may_see(scope)) is None:
            return False
        answer = None
        with suppress(Exception):
            found = await self.answered(*asked, views.office_of(caller.actor))
            await self._record(caller, asked[0])
            answer = found
        if answer is None:
            return False
        await self.send(answer, scope, send)
        return True

    async def send(self, answer: ReadyAnswer, scope: Scope, send: Send) -> None:
        held = next((value for name, value in scope["headers"] if name == b"if-none-match"), b"")
        if held and is_held(answer.tag, held.decode("latin-1")):
            await send({"type": "http.response.start", "status": 304, "headers": list(answer.headers_unchanged)})
            await send({"type": "http.response.body", "body": b""})
            return
        await send({"type": "http.response.start", "status": 200, "headers": list(answer.headers)})
        await send({"type": "http.response.body", "body": answer.body})

    async def _record(self, caller: Caller, patient_id: UUID) -> None:
        """Before the answer. A person's access is on disk by then; a system's access is only noted, without a wait."""
        viewer = viewer_of(caller)
        accesses = [viewer.access("eligibility", patient_id)]
        if viewer.is_person or self._accesses.is_full:
            write = partial(self._accesses.record, accesses, durable=viewer.is_person)
            await asyncio.get_running_loop().run_in_executor(self._recording, write)
        else:
            self._accesses.record(accesses, durable=False)

    async def answered(self, patient_id: UUID, as_of: date | None, office: str | None) -> ReadyAnswer:
        head = await self._heads.read(patient_id)
        day = as_of or self._ledger.today()
        key = Key(patient_id, head.version, head.server, day, _revisions(), office)
        if (found := self.answers.get(key)) is not None:
            return found
        # One who goes away does not take the answer from the others who wait for it.
        return await asyncio.shield(asyncio.wrap_future(self._being_made(key)))

    def _being_made(self, key: Key) -> Future[ReadyAnswer]:
        """Once for all who ask meanwhile."""
        with self._one_at_a_time:
            found = self._under_way.get(key)
            if found is None:
                found = self._under_way[key] = self._makers.submit(self._make, key)
        return found

    def _make(self, key: Key) -> ReadyAnswer:
        try:
            history = self._ledger.history(key.patient_id)
            if key.office is not None and key.office not in history.requesters:
                raise views.no_such_patient()
            answer = made(history, key.day, key.office)
            if answer.version < key.version:
                raise OperationalError("the history that was read is older than its head: two servers answer as one")
            # Somebody may have written since the head was read: then it is the answer to a later question.
            self.answers.keep(key._replace(version=answer.version), answer)
            return answer
        finally:
            with self._one_at_a_time:
                del self._under_way[key]


def _who_may_see(scope: Scope) -> Caller | None:
    """Who asks; None where that is to be refused."""
    caller: Caller | None = scope.get("caller")
    return caller if caller is not None and caller.actor.role in views.MAY_SEE["eligibility"] else None


def _revisions() -> tuple[tuple[str, int], ...]:
    return tuple([(newest.key, newest.revision) for newest, *_ in editions.KNOWN])
