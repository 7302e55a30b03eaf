"""The floor of an eligibility over HTTP, a server of its own: it reads the head version and returns ready bytes.

The third also commits an access row before it answers, as must be done for a person.

python -m tests.benchmarks.floors.eligibility fastapi|starlette|logged DATABASE PATIENT FILE
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import psycopg
import uvicorn
from fastapi import FastAPI
from fastapi.responses import Response
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp

from tests.benchmarks.floors.postgres import HEAD as POSTGRES_HEAD
from tests.benchmarks.floors.sqlite import HEAD as SQLITE_HEAD
from tests.benchmarks.floors.sqlite import connected
from tests.benchmarks.stores import path_of

PATH = "/patients/{patient_id}/eligibility"
Head = Callable[[UUID], Awaitable[int]]
LOOK: Final = "INSERT INTO looked_by_hand (at, actor, patient, row) VALUES ({0}, {0}, {0}, {0})"
TABLE: Final = "CREATE TABLE IF NOT EXISTS looked_by_hand (at text, actor text, patient text, row text)"
ROW: Final = '{"view":"eligibility","origin":"127.0.0.1","through":"api","role":"reviewer","salt":"' + "0" * 32 + '"}'


def head_in(url: str) -> Head:
    """One connection; on PostgreSQL an asynchronous one, with the statement prepared."""
    if url.startswith("sqlite"):
        execute = connected(path_of(url)).execute

        async def in_file(patient: UUID) -> int:
            version: int = execute(SQLITE_HEAD, (patient.hex,)).fetchone()[0]
            return version

        return in_file
    opened: list[psycopg.AsyncConnection] = []

    async def on_server(patient: UUID) -> int:
        if not opened:
            opened.append(await psycopg.AsyncConnection.connect(url, autocommit=True, prepare_threshold=0))
        row = await (await opened[0].execute(POSTGRES_HEAD, (patient,))).fetchone()
        assert row is not None
        return int(row[0])

    return on_server


def with_fastapi(head: Head, ready: dict[tuple[UUID, int], bytes]) -> ASGIApp:
    app = FastAPI()

    @app.get(PATH)
    async def eligibility(patient_id: UUID) -> Response:
        version = await head(patient_id)
        return Response(ready[patient_id, version], media_type="application/json", headers={"ETag": f'"{version}"'})

    return app


def with_a_log(url: str, head: Head, ready: dict[tuple[UUID, int], bytes]) -> ASGIApp:
    look = _looking(url)
    app = FastAPI()

    @app.get(PATH)
    async def eligibility(patient_id: UUID) -> Response:
        version = await head(patient_id)
        await look(patient_id)
        return Response(ready[patient_id, version], media_type="application/json", headers={"ETag": f'"{version}"'})

    return app


def _looking(url: str) -> Callable[[UUID], Awaitable[None]]:
    """A row and its commit, as durable as the ledger's own."""
    if url.startswith("sqlite"):
        connection = connected(path_of(url))
        connection.execute(TABLE)

        async def into_file(patient: UUID) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(LOOK.format("?"), (datetime.now(UTC).isoformat(), "r.nurse", patient.hex, ROW))
            connection.execute("COMMIT")

        return into_file
    with psycopg.connect(url, autocommit=True) as there:
        there.execute(TABLE)
    opened: list[psycopg.AsyncConnection] = []

    async def to_server(patient: UUID) -> None:
        if not opened:
            opened.append(await psycopg.AsyncConnection.connect(url, autocommit=True, prepare_threshold=0))
        values = (datetime.now(UTC).isoformat(), "r.nurse", str(patient), ROW)
        await opened[0].execute(LOOK.format("%s").encode(), values)

    return to_server


def with_starlette(head: Head, ready: dict[tuple[UUID, int], bytes]) -> ASGIApp:
    async def eligibility(request: Request) -> Response:
        patient_id = UUID(request.path_params["patient_id"])
        version = await head(patient_id)
        return Response(ready[patient_id, version], media_type="application/json", headers={"ETag": f'"{version}"'})

    return Starlette(routes=[Route(PATH, eligibility)])


def main() -> None:
    kind, url, patient, file = sys.argv[1:]
    ready = {(UUID(patient), 3): Path(file).read_bytes()}
    head = head_in(url)
    if kind == "logged":
        app = with_a_log(url, head, ready)
    else:
        app = {"fastapi": with_fastapi, "starlette": with_starlette}[kind](head, ready)
    # The protocol is named, for asyncio sends at once only on sockets that name it; else each answer waits for an ACK.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        config = uvicorn.Config(app, access_log=False, log_level="warning", proxy_headers=False, server_header=False)
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
