"""The files of an export, and the canonical form of their lines."""

from __future__ import annotations

import json
from typing import Final
from uuid import UUID

from domain.policy import editions
from domain.policy.edition import Edition
from domain.seal.errors import Malformed

CHECKPOINT: Final = "checkpoint"
VKEY: Final = "vkey"
ENTRIES: Final = "entries.jsonl"
ACCESSES: Final = "accesses.jsonl"
CHECKPOINTS: Final = "checkpoints"
EDITIONS: Final = "editions"
PROOFS: Final = "proofs"
README: Final = "README.txt"
SUMS: Final = "SHA256SUMS"


def access_line(register: str, number: int, row: str) -> str:
    """The line of one row of the access log: its register, its number, and the text that its digest covers."""
    values = {"register": register, "number": number, "row": row}
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n"


def read_access_line(line: str) -> tuple[str, int, str]:
    """Register, number and text of a line. Raises Malformed if the line is not in the canonical form."""
    try:
        values = json.loads(line)
        register, number, row = str(UUID(values["register"])), values["number"], values["row"]
        if type(number) is int and isinstance(row, str) and access_line(register, number, row) == line:
            return register, number, row
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    raise Malformed("it is not a row of the access log in the canonical form of an export", "line of the accesses")


def edition_files(edition: Edition) -> dict[str, bytes]:
    """The outline of an edition, which its digest covers, and a text file for readers with our paraphrases."""
    name = f"{EDITIONS}/{edition.key}.revision-{edition.revision}"
    lines = [f"Policy version {edition.key}, revision {edition.revision}, digest {edition.digest}", ""]
    lines += [f"{node.citation}  {node.paraphrase}" for node in edition.nodes()]
    return {f"{name}.json": edition.digested(), f"{name}.txt": "\n".join([*lines, ""]).encode()}


def all_editions() -> list[Edition]:
    return [edition for revisions in editions.KNOWN for edition in revisions]


def note_file(number: int) -> str:
    return f"{CHECKPOINTS}/{number}.note"


def consistency_file(number: int) -> str:
    """The file with the proof that the next checkpoint (after the last one, the export's own) only adds to this one."""
    return f"{CHECKPOINTS}/{number}.consistency"


def proof_file(version: int) -> str:
    return f"{PROOFS}/{version}"
