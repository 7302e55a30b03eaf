"""Turns a problem of the API into a page: what happened, that nothing was lost, and what to do next."""

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
    """Makes every exception handler of the application return a page if a page was requested."""
    for kind, handler in list(app.exception_handlers.items()):
        app.exception_handlers[kind] = _as_page(handler)


def refusal_page(request: Request, response: JSONResponse) -> Response:
    """The response to a caller who is not authenticated. `response` is what the API answers.

    A caller who only reads a page is redirected to the sign-in page. A caller who sends a form, or whose script
    requests a part of a page, gets the problem as a page.
    """
    if not is_page(request.url.path):
        return response
    if response.status_code == 401 and request.method in ("GET", "HEAD") and "hx-request" not in request.headers:
        return RedirectResponse("/sign-in", 303)
    return _page(request, response)


def _as_page(handler: ErrorHandler) -> ErrorHandler:
    async def page_handler(request: Request, error: Any) -> Response:
        response = handler(request, error)
        if isawaitable(response):
            response = await response
        if is_page(request.url.path) and response.media_type == MEDIA_TYPE:
            return _page(request, response)
        return response

    return page_handler


def _page(request: Request, response: Response) -> Response:
    problem = Problem.model_validate(json.loads(bytes(response.body)))
    page = rendered(request, "problem.html.j2", response.status_code, problem=problem)
    copied = ("allow", "retry-after", "connection", "www-authenticate")
    page.headers.update({name: value for name, value in response.headers.items() if name in copied})
    return page
