"""The application of a test on a port of this machine, with its real authentication, for a browser outside of it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from playwright.sync_api import Page

from api.app import Application
from api.identity.cookies_and_csrf import cookie_name
from domain.people import Actor


@contextmanager
def listening(app: Application) -> Iterator[str]:
    """Its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="warning", lifespan="off", access_log=False, timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive(), "the server did not start"
                time.sleep(0.005)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def with_a_session(page: Page, app: Application, actor: Actor, url: str) -> Page:
    """The page of a user who has signed in before: the session is the identity's own, without the form."""
    identity = app.state.identity
    identity.people.ensure(actor, actor)
    code, _ = identity.new_link(actor.id, actor)
    secret, _ = identity.sign_in(code)
    page.context.add_cookies([{"name": cookie_name(identity.is_secure), "value": secret, "url": url}])
    return page


def sign_in(page: Page, app: Application, actor: Actor) -> Page:
    """Signs in as a person does: opens the link and presses the button."""
    identity = app.state.identity
    identity.people.ensure(actor, actor)
    code, _ = identity.new_link(actor.id, actor)
    page.goto(f"/sign-in/{code}")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    return page
