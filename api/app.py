"""Builds the HTTP application from its routes, pages and layers.

A request flows one way: route, command, decision, events, store, projection, answer.
"""

from __future__ import annotations

import asyncio
from asyncio import AbstractEventLoop, Semaphore
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Final
from weakref import WeakKeyDictionary

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, Request
from starlette.types import Receive, Scope, Send

from api import static as page_files
from api.background.sealing import sealing_of
from api.dossier import routes as dossiers
from api.fhir import routes as fhir
from api.http import problems
from api.http.head_requests import answered_as_get
from api.identity import Identity, people_routes, sign_in
from api.identity.middleware import AuthenticationMiddleware, is_public
from api.pages import api_documentation
from api.pages import refusals as page_refusals
from api.pages.admin import audit as audit_pages
from api.pages.admin import people as people_page
from api.pages.appeal import page as appeal_page
from api.pages.lists import figures as figures_pages
from api.pages.lists import patients as patients_page
from api.pages.lists import start
from api.pages.lists import worklist as worklist_page
from api.pages.patient import page as patient_page
from api.pages.policy import clauses as policy_pages
from api.pages.policy import deadlines as deadlines_page
from api.pages.request import documents as document_pages
from api.pages.request import new_request as submitting
from api.pages.request import notices as notice_pages
from api.pages.request import page as request_page
from api.routes import (
    accesses,
    appeals,
    assessments,
    claims,
    documents,
    doses,
    health,
    patients,
    replays,
    requests,
    seal,
    worklist,
)
from api.routes import commands as acts
from api.routes.eligibility_fast_path import EligibilityFastPath
from api.routes.readiness import Readiness
from domain.ledger.access_log.writer import AccessLog
from domain.ledger.application import Ledger
from projections.incremental import CachedFacts

PAGES = (
    page_files,
    api_documentation,
    start,
    # Must be before the pages of a request, whose paths accept any word as an action.
    worklist_page,
    patients_page,
    submitting,
    policy_pages,
    deadlines_page,
    notice_pages,
    document_pages,
    appeal_page,
    audit_pages,
    figures_pages,
    people_page,
    request_page,
    patient_page,
)

DESCRIPTION = """
An event-sourced record of every prior authorization for Lemtrada (alemtuzumab).

The program only recommends. **A person makes every decision.** Submitting a request returns an
assessment and its digest. A decision needs the digest of the assessment that the user viewed. If
the assessment has changed since, the answer is 409 and lists the changes.

Every command accepts an `Idempotency-Key`: a repeated command with the same key is saved once.
Answers about a patient have an `ETag`. A command with an outdated `If-Match` is refused with 412.
HEAD is answered wherever GET is. An access is recorded in the same way.
Problems follow RFC 9457. They name the field or the clause, and what to do next.
"""


THREADS: Final = 60
"""The threads that answer requests."""

WRITING_MAX: Final = 40
"""The most requests that may wait for a lock of the database at a time. The other threads answer everybody else."""

SECONDS_FOR_A_PLACE: Final = 5.0
"""How long one more request waits until one of those is answered. It needs no thread for that. Then it gets a 503."""

WITHOUT_CALLER: Final = frozenset({"/health/live", "/health/ready"})
"""Answered without authentication, which may wait for the database."""


class Application(FastAPI):
    """FastAPI with authentication, and then the eligibility fast path, before FastAPI's own layers.

    Each of the two can be None, which leaves it out. Requests that may wait for a lock of the database are limited, so
    that they cannot use up the threads of everybody.
    """

    fast_path: EligibilityFastPath | None = None
    authentication: AuthenticationMiddleware | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # FastAPI sets this later. Requests that are answered before FastAPI need it too.
        scope["app"] = self
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope, send = answered_as_get(scope, send)
        if self.authentication is None:
            await self.answer_authenticated(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] in WITHOUT_CALLER:
            scope["caller"] = None
            await super().__call__(scope, receive, send)
        else:
            await self.authentication(scope, receive, send)

    async def answer_authenticated(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request whose caller is known: the fast path if possible, else FastAPI.

        A request that may wait for a lock first waits for one of the places, and gets a 503 if none becomes free.
        """
        place = self._place() if may_wait_for_a_lock(scope) else None
        if place is not None:
            try:
                async with asyncio.timeout(SECONDS_FOR_A_PLACE if place.locked() else None):
                    await place.acquire()
            except TimeoutError:
                request = Request(scope)
                await page_refusals.refusal_page(request, problems.too_many_waiting(request))(scope, receive, send)
                return
        try:
            is_eligibility = scope["type"] == "http" and scope["path"].endswith("/eligibility")
            if not (is_eligibility and self.fast_path is not None and await self.fast_path.try_answer(scope, send)):
                await super().__call__(scope, receive, send)
        finally:
            if place is not None:
                place.release()

    def _place(self) -> Semaphore:
        places: WeakKeyDictionary[AbstractEventLoop, Semaphore] = self.state.places
        return places.setdefault(asyncio.get_running_loop(), Semaphore(WRITING_MAX))

    @property
    def writing(self) -> int:
        """How many requests have a place now, for the metrics."""
        return sum(WRITING_MAX - one._value for one in self.state.places.values())


def may_wait_for_a_lock(scope: Scope) -> bool:
    """Whether the request writes: a command, or a user's question, whose access is on disk before the answer.

    The access of a system is written later.
    """
    if scope["type"] != "http":
        return False
    if scope["method"] not in ("GET", "HEAD"):
        return True
    caller = scope.get("caller")
    return caller is not None and caller.actor.role != "service"


def create_app(ledger: Ledger, identity: Identity | None = None) -> Application:
    """Creates the application over one ledger. Only users and systems that `identity` knows can use it.

    The caller must close the ledger.
    """
    access_log = AccessLog(ledger)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = THREADS
        yield
        # Writes the accesses of systems that are still in memory.
        await asyncio.to_thread(access_log.close)

    app = Application(
        title="Lemtrada authorization ledger",
        version=version("lemtrada-ledger"),
        description=DESCRIPTION,
        lifespan=lifespan,
        # `api_documentation` shows the documentation from this server alone.
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
    )
    app.state.ledger = ledger
    app.state.accesses = access_log
    app.state.places = WeakKeyDictionary()
    app.state.sealing = sealing_of(ledger)
    app.state.readiness = Readiness(ledger, app.state.sealing)
    app.state.figures = CachedFacts(ledger)
    app.fast_path = EligibilityFastPath(ledger, access_log)
    app.state.identity = identity or Identity(ledger)
    app.authentication = AuthenticationMiddleware(
        app.answer_authenticated, app.state.identity, page_refusals.refusal_page
    )
    problems.install(app)
    page_refusals.install(app)
    problems.describe(app, is_public)

    for module in (
        requests,
        patients,
        claims,
        doses,
        acts,
        documents,
        appeals,
        worklist,
        replays,
        accesses,
        dossiers,
        assessments,
        health,
        sign_in,
        people_routes,
        seal,
        fhir,
        *PAGES,
    ):
        # The routes are added as they are. `include_router` would build each route again: half a second in total.
        app.router.routes.extend(module.router.routes)
    app.router.routes.extend(sign_in.pages.routes)
    return app
