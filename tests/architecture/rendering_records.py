"""What is recorded, as JSON: events, commands, digests, rows and SQL names."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import BaseModel

from tests.architecture.program import (
    COMMANDS,
    GRANTS,
    KNOWN,
    PATIENT_EVENTS,
    POSTGRES_EVENT_TYPE,
    POSTGRES_TABLES,
    REVOCATIONS,
    SCHEMA_VERSION,
    STORED_EVENTS,
    AccessLog,
    ImportedFrom,
    Ledger,
    NewAccess,
    People,
    Sealing,
    Signer,
    open_ledger,
    upgrade,
)
from tests.architecture.schemas import flat, inlined, postgres_names
from tests.clock import Clock
from tests.conftest import NOON, ZONE
from tests.ledger.acts import dose, opening
from tests.policy.cases import AS_OF, initial, judge, later
from tests.story import NURSE

Json = dict[str, Any]


@cache
def _schema(model: type[BaseModel]) -> Any:
    return inlined(model.model_json_schema())


def events() -> Json:
    """Every stored topic: class version, upcasts, stored fields in their order, and its schema."""
    return {
        one.TOPIC: {
            "class_version": one.class_version,
            "upcasts": sorted(name for name in dir(one) if name.startswith("upcast_")),
            "is of a patient": one in PATIENT_EVENTS,
            "stored_fields": [name for name, field in one.model_fields.items() if not field.exclude],
            "schema": _schema(one),
        }
        for one in STORED_EVENTS
    }


def commands() -> Json:
    """Every command by its class name, which is part of the request digest: fields in their order, and its schema."""
    return {one.__name__: {"fields": list(one.model_fields), "schema": _schema(one)} for one in COMMANDS}


def policy() -> Json:
    """Every revision of every edition with its digest and what the digest is over; digests of sample assessments."""
    editions = {
        f"{one.key} revision {one.revision}": {"digest": one.digest, "digested": json.loads(one.digested())}
        for revisions in KNOWN
        for one in revisions
    }
    cases = {
        "approved on path A": initial(),
        "approved on path B": later(),
        "pended": initial(birth_date=None, hiv_infection=None),
        "not recommended": initial(hiv_infection=True),
        "referred": later(active_infection=True),
    }
    return {
        "editions": editions,
        "current revisions": [[one.key, one.revision] for one, *_ in KNOWN],
        "assessments": {
            f"{name}, {edition.key} revision {edition.revision}": [
                (judged := judge(facts, AS_OF, edition)).recommendation,
                judged.digest(),
            ]
            for name, facts in cases.items()
            for revisions in KNOWN
            for edition in revisions
        },
    }


def _fixed(value: int) -> Callable[[int], bytes]:
    """Return randomness that is the same at each call, so that the order of the calls changes nothing."""
    return lambda size: bytes([value]) * size


@contextmanager
def _recorded() -> Iterator[tuple[Path, sqlite3.Connection]]:
    """Yield the path of a small ledger, written with a fixed clock and fixed randomness, and a connection to it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        url = f"sqlite:///{path}"
        upgrade(url, zone=ZONE, entropy=_fixed(1))
        with open_ledger(url, clock=Clock(NOON), entropy=_fixed(2)) as ledger:
            _write(ledger, Path(folder) / "signer")
        with closing(sqlite3.connect(path)) as connection:
            yield path, connection


def _write(ledger: Ledger, signers_folder: Path) -> None:
    patient_id = ledger.open_history(opening(), NURSE, key="opening").patient_id
    imported = ImportedFrom(source="claims", reference="line-1")
    ledger.execute(patient_id, dose(0), NURSE, key="dose")
    ledger.execute(patient_id, dose(1), NURSE, key="imported dose", imported_from=imported)
    People(ledger, entropy=_fixed(3)).admit(NURSE, NURSE)
    log = AccessLog(ledger, entropy=_fixed(4))
    of_request = {"view": "request", "patient_id": patient_id, "subject": f"{patient_id}.r1", "purpose": "HPAYMT"}
    of_everyone = {"view": "worklist", "patient_id": None, "subject": None, "purpose": None}
    for looked in (of_request, of_everyone):
        log.record([NewAccess(actor=NURSE, through="api", origin="192.0.2.7", **looked)], durable=True)
    log.close()
    ledger.documents.put(patient_id, [b"%PDF-1.4\nsynthetic\n%%EOF\n"], media_type_announced="application/pdf")
    signer = Signer(signers_folder, _fixed(5))
    Sealing(ledger, signer).seal()
    signer.tell_key(f"lemtrada-ledger/{ledger.ledger_id}")


def rows() -> Json:
    """The rows of a small ledger: event bytes, stream ids, request digests, access rows, hashes of the seal."""
    with _recorded() as (path, connection):
        tables = {
            "stored_events": "rowid",
            "commands": "key",
            "ledger_settings": "name",
            "accesses": "number",
            "sealed_events": "leaf_index",
        }
        found: Json = {}
        for table, order in tables.items():
            cursor = connection.execute(f"SELECT * FROM {table} ORDER BY {order}")
            names = [one[0] for one in cursor.description]
            found[table] = [
                {name: _text(name, value) for name, value in zip(names, row, strict=True)} for row in cursor
            ]
        files = [one.relative_to(path.parent).as_posix() for one in path.parent.rglob("*") if one.is_file()]
        found["files"] = sorted(one for one in files if not one.endswith(("-wal", "-shm")))
    return found


def _text(name: str, value: Any) -> Any:
    if not isinstance(value, bytes):
        return value
    return value.hex() if name == "hash" else value.decode()


def sql() -> Json:
    """Tables, columns, indexes, triggers of both stores, and what a serving role may do."""
    statements = (*POSTGRES_TABLES, POSTGRES_EVENT_TYPE)
    with _recorded() as (_, connection):
        objects = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name").fetchall()
        found: Json = {"tables": {}, "indexes": {}, "triggers": {}}
        for kind, name, table, statement in objects:
            if kind == "table":
                columns = connection.execute(f"PRAGMA table_info({name})").fetchall()
                found["tables"][name] = {
                    "columns": {one[1]: {"type": one[2], "not null": one[3], "key": one[5]} for one in columns},
                    "without rowid": "WITHOUT ROWID" in statement,
                }
            elif statement is not None:
                # The sentence that a trigger raises is after BEGIN, and may be improved.
                found["indexes" if kind == "index" else "triggers"][name] = [table, flat(statement.split("BEGIN")[0])]
    return {
        "schema version": SCHEMA_VERSION,
        "sqlite": found,
        "postgresql": postgres_names(statements),
        "serving role": {"revoked": [flat(one) for one in REVOCATIONS], "granted": [flat(one) for one in GRANTS]},
    }
