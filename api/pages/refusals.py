"""A problem as a page: what happened, that nothing was lost, and what to do next."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from api.http.problems import MEDIA_TYPE, Problem
from api.pages.rendering import is_page, rendered

ErrorHandler = Callable[[Request, Any], Response | Awaitable[Response]]


def install(app: FastAPI) -> None:
    """Whatever is a problem of the API is a page where a page was asked for."""
    for kind, answer in list(app.exception_handlers.items()):
        app.exception_handlers[kind] = _as_page(answer)


def refusal_page(request: Request, told: JSONResponse) -> Response:
    """Of whoever the gate does not let in: who only looks is led to sign in, who sends something keeps her page."""
    if not is_page(request.url.path):
        return told
    if told.status_code == 401 and request.method in ("GET", "HEAD") and "hx-request" not in request.headers:
        return RedirectResponse("/sign-in", 303)
    return _page(request, told)


def _as_page(answer: ErrorHandler) -> ErrorHandler:
    async def answered(request: Request, error: Any) -> Response:
        told = answer(request, error)
        if isawaitable(told):
            told = await told
        if is_page(request.url.path) and told.media_type == MEDIA_TYPE:
            return _page(request, told)
        return told

    return answered


def _page(request: Request, told: Response) -> Response:
    problem = Problem.model_validate(json.loads(bytes(told.body)))
    page = rendered(request, "problem.html.j2", told.status_code, problem=problem)
    kept = ("allow", "retry-after", "connection", "www-authenticate")
    page.headers.update({name: value for name, value in told.headers.items() if name in kept})
    return page
