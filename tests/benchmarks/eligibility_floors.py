"""The floor of an eligibility over HTTP, a server of its own: it reads the head version and returns ready bytes.

python -m tests.benchmarks.eligibility_floors fastapi|starlette DATABASE PATIENT FILE
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

import psycopg
import uvicorn
from fastapi import FastAPI
from fastapi.responses import Response
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp

from tests.benchmarks.floor_postgres import HEAD as POSTGRES_HEAD
from tests.benchmarks.floor_sqlite import HEAD as SQLITE_HEAD
from tests.benchmarks.floor_sqlite import connected
from tests.benchmarks.stores import path_of

PATH = "/patients/{patient_id}/eligibility"
Head = Callable[[UUID], Awaitable[int]]


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


def with_starlette(head: Head, ready: dict[tuple[UUID, int], bytes]) -> ASGIApp:
    async def eligibility(request: Request) -> Response:
        patient_id = UUID(request.path_params["patient_id"])
        version = await head(patient_id)
        return Response(ready[patient_id, version], media_type="application/json", headers={"ETag": f'"{version}"'})

    return Starlette(routes=[Route(PATH, eligibility)])


def main() -> None:
    kind, url, patient, file = sys.argv[1:]
    ready = {(UUID(patient), 3): Path(file).read_bytes()}
    app = {"fastapi": with_fastapi, "starlette": with_starlette}[kind](head_in(url), ready)
    # The protocol is named, for asyncio sends at once only on sockets that name it; else each answer waits for an ACK.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        config = uvicorn.Config(app, access_log=False, log_level="warning", proxy_headers=False, server_header=False)
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
