"""HEAD is answered as GET is, without the body: on health, sign-in, pages and operations, with the same accesses."""

from __future__ import annotations

from typing import Any, cast

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from api.app import Application
from domain.people import Actor
from tests.api.record_access.test_every_operation import QUESTIONS
from tests.api.record_access.test_every_page import PATHS, SHOWN, SHOWN_TO, rows, what
from tests.api.routes.commands.acts import Api
from tests.security.test_roles import asking
from tests.story import ADMINISTRATOR, AUDITOR, OTHER_OFFICE

PUBLIC = ("/", "/docs", "/openapi.json", "/health/live", "/health/ready", "/sign-in", f"/sign-in/{'0' * 40}")
SIGNED_IN = ("/health/views", "/me", "/seal/health")


def both(api: Api, path: str, actor: Actor | None = None, **more: Any) -> tuple[Response, Response, list[str]]:
    """The answers to GET and to HEAD, and the views of the accesses that HEAD added."""
    client = TestClient(cast("Application", api.client.app), follow_redirects=False)  # type: ignore[attr-defined]
    headers = {"Authorization": api.client.header_of(actor)} if actor is not None else {}  # type: ignore[attr-defined]
    read = client.get(path, headers=headers, **more)
    before = rows(api)
    head = client.head(path, headers=headers, **more)
    after = rows(api)
    return read, head, what(after[: len(after) - len(before)])


def same(read: Response, head: Response) -> bool:
    """Whether the answers are the same without the body. The list of accesses has one more when it is read again."""
    assert head.content == b""
    left_out = {"content-length"} if "/accesses" in str(read.url) else set()
    told, again = ({k: v for k, v in one.headers.items() if k not in left_out} for one in (read, head))
    assert (head.status_code, again) == (read.status_code, told)
    return True


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize("page", sorted(PATHS))
def test_a_page(api: Api, page: str) -> None:
    read, head, added = both(api, PATHS[page](api), SHOWN_TO.get(page, AUDITOR))
    assert read.status_code == 200
    # A form has a key of its own each time, and all keys have the same length.
    assert same(read, head)
    assert added == SHOWN.get(page, []), "as for GET"


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize("label", QUESTIONS)
def test_a_question(api: Api, label: str) -> None:
    asked = asking(api, label)
    path = label.split()[1].format(**asked.fine.path)
    read, head, added = both(api, path, AUDITOR, params=asked.fine.query)
    assert read.status_code == 200
    assert same(read, head)
    assert len(added) == 1


@pytest.mark.parametrize("store", ["sqlite"])
def test_what_needs_no_caller(api: Api) -> None:
    for path in PUBLIC:
        read, head, _ = both(api, path)
        assert read.status_code in (200, 307), path
        assert same(read, head), path


@pytest.mark.parametrize("store", ["sqlite"])
def test_what_needs_a_caller(api: Api) -> None:
    for path in SIGNED_IN:
        for actor, status in ((AUDITOR, 200), (None, 401)):
            read, head, _ = both(api, path, actor)
            assert read.status_code == status, path
            assert same(read, head), path


@pytest.mark.parametrize("store", ["sqlite"])
def test_what_is_refused_to_get_is_refused_to_head(api: Api) -> None:
    patient = api.opened()
    for path, actor, status in (
        (f"/pages/patients/{patient}", ADMINISTRATOR, 403),
        (f"/pages/patients/{patient}", OTHER_OFFICE, 404),
        (f"/pages/patients/{patient}", None, 303),
        ("/pages/nothing/here", AUDITOR, 404),
        ("/patients/find", AUDITOR, 405),
    ):
        read, head, added = both(api, path, actor)
        assert read.status_code == status, path
        assert same(read, head), path
        assert added == []


@pytest.mark.parametrize("store", ["sqlite"])
def test_what_the_client_has_is_not_modified(api: Api) -> None:
    path = f"/patients/{api.opened()}/courses"
    client = TestClient(cast("Application", api.client.app))  # type: ignore[attr-defined]
    headers = {"Authorization": api.client.header_of(AUDITOR)}  # type: ignore[attr-defined]
    tag = client.head(path, headers=headers).headers["etag"]
    assert client.head(path, headers=headers | {"If-None-Match": tag}).status_code == 304
