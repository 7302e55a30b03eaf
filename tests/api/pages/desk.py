"""A desk without a screen: somebody signed in, who reads pages and fills in forms as a browser without script does."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from httpx2 import Response
from starlette.testclient import TestClient

from api.app import Application
from domain.people import Actor

FILE = tuple[str, bytes, str]


@dataclass
class SentForm:
    """A form as the page has it: where it goes, and what it sends if nothing is touched."""

    name: str
    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    """Of every field that can be filled in, chosen or not."""


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[SentForm] = []
        self._open: SentForm | None = None
        self._select = self._area = ""
        self._chosen: str | None = None
        self._said = ""
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            method = said.get("method", "get").lower()
            self._open = SentForm(said.get("id", "").removeprefix("form-"), said["action"], method)
            self.forms.append(self._open)
        if self._open is None or "disabled" in said:
            return
        name = said.get("name", "")
        if tag == "input" and name:
            self._open.names.add(name)
            is_chosen = said.get("type") not in ("radio", "checkbox") or "checked" in said
            if is_chosen and said.get("type") != "file":
                self._open.fields.setdefault(name, []).append(said.get("value", ""))
        elif tag == "select":
            self._select, self._chosen = name, None
            self._open.names.add(name)
        elif tag == "option" and (self._chosen is None or "selected" in said):
            self._chosen = said.get("value", "")
        elif tag == "textarea":
            self._area, self._said = name, ""
            self._open.names.add(name)

    def handle_endtag(self, tag: str) -> None:
        if self._open is None:
            return
        if tag == "select":
            self._open.fields.setdefault(self._select, []).append(self._chosen or "")
        elif tag == "textarea":
            self._open.fields.setdefault(self._area, []).append(self._said)
            self._area = ""
        elif tag == "form":
            self._open = None

    def handle_data(self, data: str) -> None:
        if self._area:
            self._said += data
        self.text.append(data)


@dataclass
class Shown:
    """A page that was answered."""

    answer: Response

    @property
    def status(self) -> int:
        return self.answer.status_code

    @property
    def html(self) -> str:
        return self.answer.text

    @property
    def path(self) -> str:
        return self.answer.url.path

    @property
    def text(self) -> str:
        """What is read, with single spaces."""
        return " ".join(" ".join(self._parsed().text).split())

    def form(self, name: str) -> SentForm:
        found = [one for one in self._parsed().forms if one.name == name]
        assert found, f"there is no form {name!r} among {[one.name for one in self._parsed().forms]}"
        return found[0]

    def has_form(self, name: str) -> bool:
        return any(one.name == name for one in self._parsed().forms)

    def _parsed(self) -> _Forms:
        parsed = _Forms()
        parsed.feed(self.html)
        return parsed


class Desk:
    """Signed in by a link, as people are; follows where an answer leads."""

    def __init__(self, app: Application, actor: Actor) -> None:
        self.browser = TestClient(app, follow_redirects=True)
        identity = app.state.identity
        identity.people.ensure(actor, actor)
        code, _ = identity.new_link(actor.id, actor)
        answer = self.browser.post("/sign-in", data={"code": code}, follow_redirects=False)
        assert answer.status_code == 303, answer.text

    def opens(self, path: str, **query: Any) -> Shown:
        return Shown(self.browser.get(path, params=query or None))

    def sends(self, page: Shown, form: str, file: FILE | None = None, **fields: str | list[str]) -> Shown:
        """What the page's form sends with these fields filled in; a name's dots are written `__`."""
        found = page.form(form)
        filled = {name.replace("__", "."): value for name, value in fields.items()}
        assert set(filled) <= found.names, f"{form} has no field {set(filled) - found.names}"
        sent = {**found.fields, **{name: [one] if isinstance(one, str) else one for name, one in filled.items()}}
        if found.method == "get":
            return Shown(self.browser.get(found.action, params=sent))
        if file is not None:
            # The token first, as the page has it.
            return Shown(self.browser.post(found.action, data=sent, files={"file": file}))
        return Shown(self.browser.post(found.action, data=sent))
