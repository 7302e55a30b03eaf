"""The fast path to the eligibility of one patient: cached bytes that are sent without FastAPI.

The key of a cached answer is everything that the answer depends on: the patient, the history version, the day in the
plan's time zone, the revisions of the editions, and what the caller may see. The version is read from the ledger for
every request, so a cached answer is never stale. A request in any other form than the simplest one is answered by
FastAPI, with the same bytes.
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

from api.http.etags import client_has, tag_of_eligibility
from api.identity.caller import Caller
from api.record_access.http import viewer_of
from api.record_access.shown_answers import history_shown
from domain.calendar import Day
from domain.history.state import PatientHistory
from domain.ledger.access_log.writer import AccessLog
from domain.ledger.application import Ledger
from domain.ledger.stores.stream_versions import PostgresVersions, SQLiteVersions, version_reader_of
from domain.permissions import views
from domain.permissions.views import ShownVersions, shown_versions
from domain.policy import editions
from projections.eligibility import Eligibility, eligibility

BYTES_MAX: Final = 33_554_432
"""The most bytes that the cache of one process holds: some thousands of patients."""

OVERHEAD_BYTES_MAX: Final = 2_048
"""The most bytes that the key, the tag and the headers of one answer need."""

COMPUTING_THREADS: Final = 4
"""The number of threads that compute answers that are not cached."""

RECORDING_THREADS: Final = 32
"""The number of threads that wait until an access is on disk. Accesses that wait together are written together."""

_DAY: Final[TypeAdapter[date]] = TypeAdapter(Day)
_PATH: Final = re.compile(r"/patients/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/eligibility")
_QUERY: Final = re.compile(rb"as_of=(\d{4}-\d\d-\d\d)")


class Key(NamedTuple):
    """Everything that an answer depends on.

    `server` is the database server from which the version was read. `revisions` has the revision of every edition.
    `office` is the office whose own requests alone the caller sees. None: the caller sees the requests of all offices.
    """

    patient_id: UUID
    version: int
    server: str
    day: date
    revisions: tuple[tuple[str, int], ...]
    office: str | None


class ReadyAnswer(NamedTuple):
    """An answer as it is sent, and the version of the history from which it was computed."""

    version: int
    tag: str
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    headers_unchanged: tuple[tuple[bytes, bytes], ...]


def ready_answer(history: PatientHistory, day: date, versions: ShownVersions) -> ReadyAnswer:
    """The answer, byte for byte as FastAPI sends it."""
    answer = history_shown(eligibility(history, day, office=versions.office), versions)
    tag = tag_of_eligibility(versions, day, answer.approvable)
    body: bytes = Eligibility.__pydantic_serializer__.to_json(answer)
    tag_headers = ((b"etag", tag.encode()), (b"cache-control", b"private, no-cache"))
    body_headers = ((b"content-length", str(len(body)).encode()), (b"content-type", b"application/json"))
    return ReadyAnswer(history.version, tag, body, (*body_headers, *tag_headers), tag_headers)


class AnswerCache:
    """A thread-safe cache of at most `bytes_max` bytes. The least recently used answer is dropped first."""

    def __init__(self, bytes_max: int = BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._lock = Lock()
        self._cached: OrderedDict[Key, ReadyAnswer] = OrderedDict()
        self.bytes_kept = 0

    def __len__(self) -> int:
        return len(self._cached)

    def get(self, key: Key) -> ReadyAnswer | None:
        with self._lock:
            cached = self._cached.get(key)
            if cached is not None:
                self._cached.move_to_end(key)
        return cached

    def keep(self, key: Key, answer: ReadyAnswer) -> None:
        """Caches an answer, and drops the least recently used ones above the limit."""
        with self._lock:
            if key not in self._cached:
                self._cached[key] = answer
                self.bytes_kept += len(answer.body) + OVERHEAD_BYTES_MAX
            while self.bytes_kept > self._bytes_max:
                _, dropped = self._cached.popitem(last=False)
                self.bytes_kept -= len(dropped.body) + OVERHEAD_BYTES_MAX


class EligibilityFastPath:
    """Answers GET /patients/{id}/eligibility in its simplest form: without a query, or with `as_of` only.

    FastAPI answers a caller who may not see the eligibility, or whose office does not know the patient.
    """

    def __init__(self, ledger: Ledger, accesses: AccessLog, bytes_max: int = BYTES_MAX) -> None:
        self._ledger = ledger
        self._accesses = accesses
        self.answers = AnswerCache(bytes_max)
        self._computing: dict[Key, Future[ReadyAnswer]] = {}
        self._lock = Lock()
        self._computers = ThreadPoolExecutor(COMPUTING_THREADS, thread_name_prefix="ready")
        self._recorders = ThreadPoolExecutor(RECORDING_THREADS, thread_name_prefix="looked")

    @cached_property
    def _heads(self) -> SQLiteVersions | PostgresVersions:
        return version_reader_of(self._ledger.recorder.datastore)

    def question_of(self, scope: Scope) -> tuple[UUID, date | None] | None:
        """The patient and the day of a request. None if the request does not have the simplest form."""
        if scope["type"] != "http" or scope["method"] != "GET" or scope.get("root_path"):
            return None
        if (path_match := _PATH.fullmatch(scope["path"])) is None:
            return None
        day = None
        if query := scope["query_string"]:
            if (day_match := _QUERY.fullmatch(query)) is None:
                return None
            try:
                day = _DAY.validate_python(day_match[1].decode())
            except ValidationError:
                return None
        return UUID(path_match[1]), day

    async def try_answer(self, scope: Scope, send: Send) -> bool:
        """Answers the request if possible, and returns whether it did. After an error, FastAPI answers."""
        if (question := self.question_of(scope)) is None or (caller := _permitted_caller(scope)) is None:
            return False
        answer = None
        with suppress(Exception):
            ready = await self.answered(*question, views.office_of(caller.actor))
            await self._record(caller, question[0])
            answer = ready
        if answer is None:
            return False
        await self.send(answer, scope, send)
        return True

    async def send(self, answer: ReadyAnswer, scope: Scope, send: Send) -> None:
        """Sends the answer, or 304 if the client has it already (If-None-Match)."""
        if_none_match = next((value for name, value in scope["headers"] if name == b"if-none-match"), b"")
        if if_none_match and client_has(answer.tag, if_none_match.decode("latin-1")):
            await send({"type": "http.response.start", "status": 304, "headers": list(answer.headers_unchanged)})
            await send({"type": "http.response.body", "body": b""})
            return
        await send({"type": "http.response.start", "status": 200, "headers": list(answer.headers)})
        await send({"type": "http.response.body", "body": answer.body})

    async def _record(self, caller: Caller, patient_id: UUID) -> None:
        """Records the access before the answer is sent.

        A person's access is on disk when this returns. A system's access is in memory, and is written later.
        """
        viewer = viewer_of(caller)
        accesses = [viewer.access("eligibility", patient_id)]
        if viewer.is_person or self._accesses.is_full:
            write = partial(self._accesses.record, accesses, durable=viewer.is_person)
            await asyncio.get_running_loop().run_in_executor(self._recorders, write)
        else:
            self._accesses.record(accesses, durable=False)

    async def answered(self, patient_id: UUID, as_of: date | None, office: str | None) -> ReadyAnswer:
        """The answer for the current history version, cached or computed. Raises NotFound, and errors of the store."""
        head = await self._heads.read(patient_id)
        day = as_of or self._ledger.today()
        key = Key(patient_id, head.version, head.server, day, _revisions(), office)
        if (cached := self.answers.get(key)) is not None:
            return cached
        # A client that disconnects must not cancel the computation for other clients that wait for it.
        return await asyncio.shield(asyncio.wrap_future(self._computation_of(key)))

    def _computation_of(self, key: Key) -> Future[ReadyAnswer]:
        """The computation of the answer, shared by all requests for this key until it ends."""
        with self._lock:
            future = self._computing.get(key)
            if future is None:
                future = self._computing[key] = self._computers.submit(self._compute, key)
        return future

    def _compute(self, key: Key) -> ReadyAnswer:
        try:
            history = self._ledger.history(key.patient_id)
            if key.office is not None and key.office not in history.requesters:
                raise views.no_such_patient()
            answer = ready_answer(history, key.day, shown_versions(key.office, history, self._ledger.events))
            if answer.version < key.version:
                raise OperationalError("the history that was read is older than its head: two servers answer as one")
            # The history may have grown since its version was read. The answer is cached under the version it has.
            self.answers.keep(key._replace(version=answer.version), answer)
            return answer
        finally:
            with self._lock:
                del self._computing[key]


def _permitted_caller(scope: Scope) -> Caller | None:
    """The caller. None if the caller's role may not see the eligibility."""
    caller: Caller | None = scope.get("caller")
    return caller if caller is not None and caller.actor.role in views.MAY_SEE["eligibility"] else None


def _revisions() -> tuple[tuple[str, int], ...]:
    return tuple([(newest.key, newest.revision) for newest, *_ in editions.KNOWN])
