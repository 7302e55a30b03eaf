"""A client of an application in this process, on one event loop in the thread of the test.

Starlette's `TestClient` hands each message of a request over to another thread and back; this client does not,
and answers in a fraction of its time. The application is the same, and so is what it is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, suppress
from threading import get_ident
from types import TracebackType
from typing import Any, Self, TypeVar

from httpx2 import ASGITransport, BaseTransport, ByteStream, Client, Request, Response
from starlette.types import ASGIApp

from api.app import Application

T = TypeVar("T")


class InProcessTransport(BaseTransport):
    """Calls an ASGI application. A request of another thread gets an event loop of its own, so several run at once.

    One task answers all requests of this thread: the threads that the framework starts for a task live as long as it.
    """

    def __init__(self, app: ASGIApp, *, raise_server_exceptions: bool) -> None:
        self._asgi = ASGITransport(app, raise_app_exceptions=raise_server_exceptions, client=("testclient", 50000))
        self._thread = get_ident()
        self._loop = asyncio.new_event_loop()
        self._waiting: asyncio.Queue[tuple[Coroutine[Any, Any, Any], asyncio.Future[Any]]] = asyncio.Queue()
        self._answering = self._loop.create_task(self._answer_all())

    async def _answer_all(self) -> None:
        while True:
            work, answer = await self._waiting.get()
            try:
                answer.set_result(await work)
            except BaseException as error:
                answer.set_exception(error)
                if not isinstance(error, Exception | asyncio.CancelledError):
                    raise

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        if get_ident() != self._thread:
            return asyncio.run(work)
        answer: asyncio.Future[T] = self._loop.create_future()
        self._waiting.put_nowait((work, answer))
        return self._run_until(answer)

    def _run_until(self, done: asyncio.Future[T]) -> T:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return self._loop.run_until_complete(done)
        # The driver of a browser runs a loop of its own in this thread.
        with ThreadPoolExecutor(1) as other:
            return other.submit(self._loop.run_until_complete, done).result()

    def handle_request(self, request: Request) -> Response:
        request.read()
        return self.run(self._answer(request))

    async def _answer(self, request: Request) -> Response:
        answer = await self._asgi.handle_async_request(request)
        body = b"".join([part async for part in answer.stream])  # type: ignore[union-attr]
        return Response(answer.status_code, headers=answer.headers, stream=ByteStream(body))

    def close(self) -> None:
        self._answering.cancel()
        with suppress(asyncio.CancelledError):
            self._run_until(self._answering)
        self._loop.close()


class InProcess(Client):
    """`app` is what is called; entering and leaving run the lifespan of `application`."""

    def __init__(
        self,
        app: ASGIApp,
        application: Application,
        *,
        base_url: str = "http://testserver",
        raise_server_exceptions: bool = True,
    ) -> None:
        self.app = app
        self._here = InProcessTransport(app, raise_server_exceptions=raise_server_exceptions)
        self._lifespan: AbstractAsyncContextManager[Any] = application.router.lifespan_context(application)
        headers = {"user-agent": "testclient"}
        super().__init__(transport=self._here, base_url=base_url, headers=headers, follow_redirects=True)

    def __enter__(self) -> Self:
        super().__enter__()
        self._here.run(self._lifespan.__aenter__())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._here.run(self._lifespan.__aexit__(kind, error, traceback))
        super().__exit__(kind, error, traceback)
