"""Finds phrases that are never right in what people read: metaphors, private terms, British spellings.

`strings`, `comments_and_docstrings` and `identifiers` take the text out of a Python file; `banned_in` finds the
phrases in a text. Stored values and field names keep their spelling, so a string that is written like an
identifier (`infusion_centre`) is not text.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

BANNED: Final[dict[str, str]] = {
    r"work(s|ed|ing)? (it )?out": "computed",
    r"anew": "again, rebuilt, re-created",
    r"judg(e|es|ed|ing) again": "assessed again, re-evaluated",
    r"let(s|ting)? (it|them) go": "release, unassign",
    r"of nobody": "nonexistent, of no patient",
    r"speaks? for it": "supports",
    r"who(ever)? looked": "access log, the user who viewed",
    r"(the|a) gates?": "authentication, access control",
    r"houses?": "the plan, the program",
    r"rooms": "parts, views",
    r"roads?": "path, fast path",
    r"stretch(es)?": "period",
    r"verbs?": "command",
    r"she|her|hers|herself": "they, the user, the member, the patient",
    r"he|him|his": "they, the user, the member, the patient",
    r"centres?": "center",
    r"enrolments?": "enrollment",
    r"judgements?": "judgment, assessment",
    r"(re)?organis(e|es|ed|ing|ation|ations)": "organization",
    r"(un)?recognis(e|es|ed|ing)": "recognize",
    r"(un)?authoris(e|es|ed|ing|ation|ations)": "authorize",
    r"normalis(e|es|ed|ing)": "normalize",
    r"summaris(e|es|ed|ing)": "summarize",
    r"specialis(e|es|ed|ing)": "specialize",
    r"minimis(e|es|ed|ing)": "minimize",
    r"analys(e|ed|ing)": "analyze",
    r"(favour|colour|behaviour|honour|neighbour|labour|harbour)(s|ed|ing|ite|able)?": "favor, color, behavior",
    r"cancell(ed|ing)": "canceled",
    r"label(led|ling)": "labeled",
    r"travell(ed|ing|er)": "traveled",
    r"licence|defence|offence": "license, defense, offense",
    r"catalogue|dialogue|programmes?|whilst|grey|artefacts?|metres?|millimetres?|fulfil|ageing": "American spelling",
}
"""Each phrase, as a regular expression of whole words, and what to write instead."""

_PHRASES: Final = re.compile(r"(?<![\w-])(?:" + "|".join(BANNED) + r")(?![\w-])", re.IGNORECASE)
_LIKE_AN_IDENTIFIER: Final = re.compile(r"[a-z0-9_.:/{}*%-]*")
_STATEMENTS: Final = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|GRANT|REVOKE|WITH|COPY)\b")
_NAME_PARTS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of text and its line in the file."""

    line: int
    text: str


def banned_in(text: str) -> list[str]:
    """The banned phrases of a text, in lower case."""
    return [match.group().lower() for match in _PHRASES.finditer(text)]


def strings(source: str) -> Iterator[Text]:
    """Every string that can be displayed: literals and f-strings, without docstrings, identifiers and SQL."""
    tree = ast.parse(source)
    notes = {id(node) for node, _ in _docstrings(tree)}
    for line, text in _literals(tree, notes):
        if not _LIKE_AN_IDENTIFIER.fullmatch(text) and not _STATEMENTS.match(text):
            yield Text(line, text)


def comments_and_docstrings(source: str) -> Iterator[Text]:
    """Every docstring (also below a constant) and every comment."""
    for node, text in _docstrings(ast.parse(source)):
        yield Text(node.lineno, text)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield Text(token.start[0], token.string)


def identifiers(source: str) -> Iterator[Text]:
    """Every name that is defined, split into words: `EligibilityFastPath` is "eligibility fast path"."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield Text(node.lineno, _words(name))
            case ast.Name(id=name, ctx=ast.Store()):
                yield Text(node.lineno, _words(name))
            case ast.arg(arg=name):
                yield Text(node.lineno, _words(name))
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield Text(node.lineno, _words(name))


def sentences_of_openapi(document: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Every summary, description and example of an OpenAPI document, with its place."""
    match document:
        case dict():
            for name, part in document.items():
                yield from sentences_of_openapi(part, f"{at}/{name}")
        case list():
            for number, part in enumerate(document):
                yield from sentences_of_openapi(part, f"{at}/{number}")
        case str() if at.rpartition("/")[2] in ("summary", "description") or "/example" in at:
            if not _LIKE_AN_IDENTIFIER.fullmatch(document):
                yield at, document


def python_files(*folders: Path) -> Iterator[Path]:
    for folder in folders:
        yield from sorted(folder.rglob("*.py"))


def _words(name: str) -> str:
    return " ".join(_NAME_PARTS.findall(name)).lower()


def _docstrings(tree: ast.Module) -> Iterator[tuple[ast.Constant, str]]:
    """String statements: the docstrings of modules, classes and functions, and those below constants."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text)) as constant):
                yield constant, text


def _literals(node: ast.AST, without: set[int]) -> Iterator[tuple[int, str]]:
    match node:
        case ast.JoinedStr(values=values):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in values)
            yield node.lineno, text
            for part in values:
                if isinstance(part, ast.FormattedValue):
                    yield from _literals(part.value, without)
        case ast.Constant(value=str(text)):
            if id(node) not in without:
                yield node.lineno, text
        case _:
            for child in ast.iter_child_nodes(node):
                yield from _literals(child, without)
