"""eventsource-py: its stores for both databases, through its own engine and schema, with tasks of one event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

from eventsource import DomainEvent, StreamId, create_async_engine, register_event
from eventsource.adapters.postgresql import PostgreSQLEventStore
from eventsource.adapters.sqlite import SQLiteEventStore
from eventsource.ports import ExpectedVersion

from tests.benchmarks.patients import DOSES, Template
from tests.benchmarks.store_peers import payload


@register_event
class DoseGiven(DomainEvent):
    """The fields of the payload lie one deeper, because the library has an `actor_id` and the like of its own."""

    event_type: str = "DoseGiven"
    aggregate_type: str = "Patient"
    dose: dict[str, Any]


class EventsourcePy:
    def __init__(self, store: Any, runner: asyncio.Runner, dose: dict[str, Any]) -> None:
        self.store, self.runner, self.dose = store, runner, dose

    def seconds(self, streams: int, clients: int) -> float:
        return self.runner.run(self._seconds([uuid4() for _ in range(streams)], clients))

    async def _seconds(self, streams: Sequence[UUID], clients: int) -> float:
        for stream in streams:
            await self._append(stream, 0)
        start = time.perf_counter()
        await asyncio.gather(*(self._client(streams[one::clients]) for one in range(clients)))
        return (time.perf_counter() - start) / (len(streams) * DOSES)

    async def _client(self, streams: Sequence[UUID]) -> None:
        for number in range(DOSES):
            for stream in streams:
                await self._append(stream, number + 1)

    async def _append(self, stream: UUID, version: int) -> None:
        event = DoseGiven(aggregate_id=stream, aggregate_version=version + 1, dose=self.dose)
        expected = ExpectedVersion.exact(version) if version else ExpectedVersion.no_stream()
        await self.store.append(StreamId(category="Patient", aggregate_id=stream), [event], expected)


@contextmanager
def opened(url: str, template: Template) -> Iterator[EventsourcePy]:
    with asyncio.Runner() as runner:
        if url.startswith("sqlite"):
            store: Any = SQLiteEventStore(url.removeprefix("sqlite:///"))
            close = store.close
        else:
            engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
            store, close = PostgreSQLEventStore(engine, create_schema=True), engine.dispose
        try:
            yield EventsourcePy(store, runner, payload(template))
        finally:
            runner.run(close())
