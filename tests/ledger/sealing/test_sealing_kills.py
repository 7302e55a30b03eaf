"""A sealer that is killed at any moment leaves the same tree as one that never was."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from domain.ledger.application import Ledger
from domain.ledger.sealing import store
from domain.ledger.sealing.sealing import Sealing
from domain.ledger.sealing.signer import Signer
from domain.seal.checkpoints import read_checkpoint
from domain.seal.merkle import root_of
from domain.seal.notes import open_note, read_verifying_key
from tests import ROOT
from tests.ledger.sealing.logs import grown, leaves_of, root_of_log

CHECKOUT = ROOT
LEASE_SECONDS = 2
"""Of the sealing processes: a killed one is followed when its lease has run out."""


@contextmanager
def sealer(url: str, folder: Path, batch: int) -> Iterator[subprocess.Popen[str]]:
    program = [sys.executable, "-m", "tests.ledger.sealing.sealer", url, str(folder), str(batch), str(LEASE_SECONDS)]
    process = subprocess.Popen(program, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "sealing\n"
        yield process
    finally:
        process.kill()
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()


def forget_the_lease(sealing: Sealing) -> None:
    """A killed holder is followed when its lease has run out: the test does not wait for it."""
    holder = sealing.store.holder()
    if holder is not None:
        sealing.store.release(holder)


def killed_again_and_again(ledger: Ledger, url: str, folder: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    here = Sealing(ledger, Signer(folder, os.urandom))
    for _ in range(kills):
        forget_the_lease(here)
        with sealer(url, folder, chance.choice((1, 3, 20))) as process:
            until = time.monotonic() + chance.uniform(0.0, 0.25)
            while time.monotonic() < until:
                grown(ledger, patients=1)
            process.kill()
            process.wait(10)
        # What was sealed by now is a beginning of the log, and what was signed of it too.
        leaves = leaves_of(ledger)
        sealed = here.leaves(0, 1_000_000)
        assert [one.hash for one in sealed] == leaves[: len(sealed)]
        if (last := here._signer.last()) is not None:
            assert last[1].root == root_of(leaves[: last[1].size])
    forget_the_lease(here)
    signed = here.seal_now()
    assert signed.checkpoint.size == ledger.position() == len(leaves_of(ledger))
    assert signed.checkpoint.root == root_of_log(ledger)
    check_every_checkpoint(ledger, here, folder)


def check_every_checkpoint(ledger: Ledger, sealing: Sealing, folder: Path) -> None:
    """Each one that was ever stored or published is of a beginning of the log, and has its signature."""
    keys = [read_verifying_key(one) for one in sealing.origins.verifying_keys()]
    leaves = leaves_of(ledger)
    stored = [one.note for one in sealing.store.checkpoints(sealing.origins.current(), most=10_000)]
    published = [one.read_text() for one in (folder / "published").rglob("*") if one.is_file() and one.name[0] != "."]
    assert set(published) <= set(stored)
    for note in stored:
        checkpoint = read_checkpoint(open_note(note, keys)[0])
        assert checkpoint.root == root_of(leaves[: checkpoint.size])


def test_a_sealer_that_is_killed_leaves_the_same_tree(ledger: Ledger, ledger_url: str, folder: Path) -> None:
    killed_again_and_again(ledger, ledger_url, folder, kills=4, seed=5)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(4))
def test_two_hundred_kills_of_a_sealer_leave_the_same_tree(
    ledger: Ledger, ledger_url: str, folder: Path, seed: int
) -> None:
    killed_again_and_again(ledger, ledger_url, folder, kills=50, seed=seed)


def test_three_sealing_processes_make_one_tree_and_what_one_leaves_another_takes_up(
    ledger: Ledger, ledger_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sealer(ledger_url, folder, 3) as first, sealer(ledger_url, folder, 20), sealer(ledger_url, folder, 1):
        for _ in range(6):
            grown(ledger, patients=2)
        first.kill()
        grown(ledger, patients=2)
    monkeypatch.setattr(store, "LEASE_SECONDS", 1)
    here = Sealing(ledger, Signer(folder, os.urandom))
    signed = here.seal_now(patience=30.0)
    assert signed.checkpoint.root == root_of_log(ledger)
    assert [one.number for one in here.leaves(0, 10_000)] == list(range(signed.checkpoint.size))
    check_every_checkpoint(ledger, here, folder)
