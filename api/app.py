"""The HTTP API: wiring only. A request goes route, command, decision, events, store, projection, answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from api import static as page_files
from api.background.sealing import sealing_of
from api.dossier import routes as dossiers
from api.fhir import routes as fhir
from api.http import problems
from api.identity import Identity, people_routes, sign_in
from api.identity.middleware import AuthenticationMiddleware, is_public
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
from api.pages.request import documents as document_pages
from api.pages.request import new_request as submitting
from api.pages.request import notices as notice_pages
from api.pages.request import page as request_page
from api.routes import (
    accesses,
    appeals,
    assessments,
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
from domain.ledger.access_log.writer import AccessLog
from domain.ledger.application import Ledger
from projections.incremental import CachedFacts

PAGES = (
    page_files,
    start,
    # Before the pages of a request, whose acts are any word.
    worklist_page,
    patients_page,
    submitting,
    policy_pages,
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
Problems follow RFC 9457. They name the field or the clause, and what to do next.
"""


class Application(FastAPI):
    """With the gate, then the short road, before all of FastAPI's own layers; None leaves one out."""

    short_road: EligibilityFastPath | None = None
    gate: AuthenticationMiddleware | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # For whoever is answered before the framework comes to say so itself.
        scope["app"] = self
        if self.gate is None:
            await self.beyond_the_gate(scope, receive, send)
        else:
            await self.gate(scope, receive, send)

    async def beyond_the_gate(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_eligibility = scope["type"] == "http" and scope["path"].endswith("/eligibility")
        if not (is_eligibility and self.short_road is not None and await self.short_road.takes(scope, send)):
            await super().__call__(scope, receive, send)


def create_app(ledger: Ledger, identity: Identity | None = None) -> Application:
    """The application over one ledger, which stays the caller's to close; nobody is let in but who `identity` knows."""
    access_log = AccessLog(ledger)

    @asynccontextmanager
    async def served(_: FastAPI) -> AsyncIterator[None]:
        yield
        # Looks of systems that are only noted yet.
        await asyncio.to_thread(access_log.close)

    app = Application(
        title="Lemtrada authorization ledger",
        version=version("lemtrada-ledger"),
        description=DESCRIPTION,
        lifespan=served,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
    )
    app.state.ledger = ledger
    app.state.accesses = access_log
    app.state.sealing = sealing_of(ledger)
    app.state.figures = CachedFacts(ledger)
    app.short_road = EligibilityFastPath(ledger, access_log)
    app.state.identity = identity or Identity(ledger)
    app.gate = AuthenticationMiddleware(app.beyond_the_gate, app.state.identity, page_refusals.refusal_page)
    problems.install(app)
    page_refusals.install(app)
    problems.describe(app, is_public)

    for module in (
        requests,
        patients,
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
        # As they stand: to include a router is to build each of its routes again, half a second at the first request.
        app.router.routes.extend(module.router.routes)
    app.router.routes.extend(sign_in.pages.routes)
    return app
