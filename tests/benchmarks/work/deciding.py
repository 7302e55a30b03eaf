"""Deciding: a nurse approves a request, from the bytes of the decision to the commit, compared with the write alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from uuid import UUID, uuid4

from domain.commands.determinations import ApproveCourse
from domain.ledger.application import Ledger, open_ledger
from domain.review.assess_request import request_assessment
from tests.benchmarks.measuring import Round, rounds, timed
from tests.benchmarks.patients import StoredRow, Template, as_of_another, patient_ids, rows_of
from tests.benchmarks.ratios import Figure
from tests.benchmarks.stores import NAMES, Stores, fill, namespace_of
from tests.benchmarks.work.command import Size, Supply, command_figure, key
from tests.story import NURSE


def approving(stores: Stores, store: str, template: Template, size: Size) -> Iterator[Figure]:
    """The event holds the whole assessment; the floor has it ready made and writes it with its key."""
    patients = patient_ids(size.all_patients)
    with ExitStack() as opened:
        url = stores.new_ledger(store)
        fill(url, waiting(template, namespace_of(url), patients))
        ledger = opened.enter_context(open_ledger(url))
        floor = stores.floor(store, waiting(template, uuid4(), patients))
        opened.callback(floor.close)
        sides = {
            "floor": _round(lambda mine: _by_hand(floor.command, template, mine), Supply(patients, size.patients)),
            "ours": _round(lambda mine: _decided(ledger, mine), Supply(patients, size.patients)),
        }
        taken = rounds(sides, size.rounds, warming=size.warming)
    yield command_figure(f"deciding a request, {NAMES[store]}, one client", taken, "ours", "floor")


def waiting(template: Template, namespace: UUID, patients: Sequence[UUID]) -> Iterator[StoredRow]:
    """Requests that nobody has decided."""
    decision = template.opened[-1].topic
    return (row for row in rows_of(template, namespace, patients, 0) if row.topic != decision)


def _round(make: Callable[[Sequence[UUID]], Callable[[], None]], supply: Supply) -> Round:
    def one_round() -> float:
        patients = next(iter(supply))
        return timed(make(patients), len(patients))

    return one_round


def _decided(ledger: Ledger, patients: Sequence[UUID]) -> Callable[[], None]:
    """The assessment is read before; the nurse's decision names its digest."""
    sent = []
    for patient in patients:
        history = ledger.history(patient)
        request = history.requests[-1]
        digest = request_assessment(history, request, ledger.today()).digest
        body = {"request_id": request.request_id, "assessment_digest": digest}
        sent.append((patient, json.dumps(body).encode(), key()))

    def work() -> None:
        for patient, body, idempotency_key in sent:
            ledger.execute(patient, ApproveCourse.model_validate_json(body), NURSE, key=idempotency_key)

    return work


def _by_hand(
    command: Callable[[StoredRow, str, str, str], None], template: Template, patients: Sequence[UUID]
) -> Callable[[], None]:
    digest = hashlib.sha256(b"").hexdigest()
    sent = [(as_of_another(template.opened[-1:], patient)[0], key()) for patient in patients]

    def work() -> None:
        for row, idempotency_key in sent:
            command(row, NURSE.id, idempotency_key, digest)

    return work
