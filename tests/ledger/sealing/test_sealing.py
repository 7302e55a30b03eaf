"""Sealing: the tree over the log, its checkpoints, and what the signer refuses."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from domain.events.system import SealingKeyNamed, SealStarted
from domain.ledger.application import Ledger
from domain.ledger.errors import StoreError
from domain.ledger.sealing import sealing as sealing_module
from domain.ledger.sealing.renewal import start_new_origin
from domain.ledger.sealing.sealing import LeaseHeldElsewhere, NotConsistent, Sealing
from domain.ledger.sealing.signer import Signer
from domain.seal.checkpoints import Checkpoint
from domain.seal.merkle import check_inclusion, consistency_path, root_of
from domain.seal.notes import SigningKey, open_note, read_verifying_key
from domain.seal.proofs import prove_consistency, prove_inclusion
from tests.ledger.sealing.conftest import MakeSealing
from tests.ledger.sealing.logs import grown, leaves_of, root_of_log


def verifying_key(folder: Path) -> str:
    return (folder / "vkey").read_text().strip()


def test_a_checkpoint_is_signed_over_every_event_of_the_log_in_its_order(
    ledger: Ledger, sealing: Sealing, folder: Path
) -> None:
    grown(ledger, patients=3)
    signed = sealing.seal_now()
    assert signed.checkpoint == Checkpoint(f"lemtrada-ledger/{ledger.ledger_id}", 14 + 3, root_of_log(ledger))
    text, by = open_note(signed.note, [read_verifying_key(verifying_key(folder))])
    assert text == signed.checkpoint.text()
    assert len(by) == 1
    assert [type(one) for one in sealing.origins.events()] == [SealStarted, SealingKeyNamed]


def test_sealing_continues_where_it_stopped_in_batches_of_any_size(
    ledger: Ledger, new_sealing: MakeSealing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing_module, "BATCH", 7)
    for patients in (1, 4, 2):
        grown(ledger, patients)
        assert new_sealing().seal_now().checkpoint.root == root_of_log(ledger)
    assert [one.number for one in new_sealing().leaves(0, 1_000)] == list(range(ledger.position()))


def test_subtrees_are_kept_so_that_a_large_tree_is_read_in_few_rows(ledger: Ledger, sealing: Sealing) -> None:
    grown(ledger, patients=66)
    sealing.seal_now()
    leaves = leaves_of(ledger)
    assert list(sealing.store.hashes(1, 0, 10)) == [root_of(leaves[:256])]
    assert sealing.store.read(8, 0) == root_of(leaves[:256])
    assert sealing.store.read(3, 2) == root_of(leaves[16:24])


def test_every_event_is_proven_to_be_in_the_tree_and_every_tree_to_begin_with_the_older(
    ledger: Ledger, sealing: Sealing, folder: Path
) -> None:
    grown(ledger, patients=2)
    older = sealing.seal_now()
    grown(ledger, patients=3)
    newer = sealing.seal_now()
    keys = [read_verifying_key(verifying_key(folder))]
    for number, hash in enumerate(leaves_of(ledger)):
        checkpoint, _ = prove_inclusion(sealing.proof_of(number, newer), hash, newer.checkpoint.origin, keys)
        assert checkpoint == newer.checkpoint
    proven, _ = prove_consistency(sealing.consistency(older.checkpoint.size, newer), older.checkpoint, keys)
    assert proven == newer.checkpoint


def test_an_event_has_a_place_and_the_first_checkpoint_over_it(ledger: Ledger, sealing: Sealing) -> None:
    patient_id = next(iter(_patients(ledger, 1)))
    assert sealing.place_of(patient_id, 1) is None
    sealing.seal()
    place = sealing.place_of(patient_id, 2)
    assert place is not None
    assert place.checkpoint is None
    first = sealing.sign()
    grown(ledger, patients=2)
    sealing.seal_now()
    again = sealing.place_of(patient_id, 2)
    assert again is not None
    assert again.checkpoint == first
    path = sealing.proof_of(again.leaf_index, first).path
    assert check_inclusion(
        again.leaf_index, first.checkpoint.size, leaves_of(ledger)[again.leaf_index], path, first.checkpoint.root
    )
    assert sealing.place_of(patient_id, 99) is None


def _patients(ledger: Ledger, number: int) -> list:  # type: ignore[type-arg]
    grown(ledger, number)
    return list(ledger.patients())


# -- one at a time ------------------------------------------------------------------------------


def test_a_process_without_the_lease_seals_and_signs_nothing(ledger: Ledger, new_sealing: MakeSealing) -> None:
    grown(ledger, patients=1)
    holds, waits = new_sealing(), new_sealing()
    holds.store.take_lease("somebody")
    for work in (waits.seal, waits.sign):
        with pytest.raises(LeaseHeldElsewhere):
            work()
    assert waits.leaves(0, 10) == []
    assert waits.newest() is None
    holds.store.release("somebody")
    assert waits.seal_now().checkpoint.root == root_of_log(ledger)


def test_the_lease_is_held_until_what_is_signed_is_stored(
    ledger: Ledger, sealing: Sealing, new_sealing: MakeSealing, monkeypatch: pytest.MonkeyPatch
) -> None:
    grown(ledger, patients=1)
    other, sign = new_sealing(), sealing._signer.sign

    def while_another_tries(*given: object) -> str:
        grown(ledger, patients=1)
        with pytest.raises(LeaseHeldElsewhere):
            other.sign()
        return sign(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(sealing._signer, "sign", while_another_tries)
    sealing.sign()
    assert sealing.store.holder() is None


def test_a_lease_that_ran_out_is_anothers(ledger: Ledger, sealing: Sealing, monkeypatch: pytest.MonkeyPatch) -> None:
    grown(ledger, patients=1)
    monkeypatch.setattr("domain.ledger.sealing.store.LEASE_SECONDS", -1)
    sealing.store.take_lease("one that was killed")
    monkeypatch.undo()
    assert sealing.seal_now().checkpoint.root == root_of_log(ledger)


def test_several_that_seal_at_once_make_one_tree(ledger: Ledger, new_sealing: MakeSealing) -> None:
    grown(ledger, patients=2)
    sealings = [new_sealing() for _ in range(4)]

    def work(sealing: Sealing) -> None:
        for _ in range(3):
            grown(ledger, patients=1)
            sealing.seal_now()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, sealings))
    final = new_sealing().seal_now()
    assert final.checkpoint.root == root_of_log(ledger)
    assert [one.number for one in final_leaves(new_sealing())] == list(range(final.checkpoint.size))


def final_leaves(sealing: Sealing) -> list:  # type: ignore[type-arg]
    return sealing.leaves(0, 10_000)


# -- what the signer refuses ----------------------------------------------------------------------


def test_the_signer_refuses_a_log_that_is_shorter_than_what_it_signed(folder: Path) -> None:
    signer, leaves = Signer(folder, os.urandom), [bytes([number]) * 32 for number in range(9)]
    signer.sign(Checkpoint("o", 9, root_of(leaves)), path_over(leaves))
    with pytest.raises(NotConsistent, match="9 leaves were signed, but the log has only 8"):
        signer.sign(Checkpoint("o", 8, root_of(leaves[:8])), path_over(leaves[:8]))


def test_the_signer_refuses_a_log_that_was_rewritten(folder: Path) -> None:
    signer, leaves = Signer(folder, os.urandom), [bytes([number]) * 32 for number in range(9)]
    first = signer.sign(Checkpoint("o", 5, root_of(leaves[:5])), path_over(leaves))
    for changed in range(5):
        other = [*leaves[:changed], b"x" * 32, *leaves[changed + 1 :]]
        for size in (5, 9):
            with pytest.raises(NotConsistent, match="differ from the leaves that were signed"):
                signer.sign(Checkpoint("o", size, root_of(other[:size])), path_over(other))
    assert (folder / "checkpoint").read_text() == first
    signer.sign(Checkpoint("o", 9, root_of(leaves)), path_over(leaves))


def path_over(leaves: list[bytes]):  # type: ignore[no-untyped-def]
    def read(level: int, number: int) -> bytes:
        return root_of(leaves[number << level : (number + 1) << level])

    return lambda old, new: consistency_path(old, new, read)


def test_a_signer_whose_folder_was_lost_does_not_contradict_what_is_stored(
    ledger: Ledger, sealing: Sealing, new_sealing: MakeSealing, folder: Path
) -> None:
    grown(ledger, patients=2)
    signed = sealing.seal_now()
    (folder / "checkpoint").unlink()
    assert new_sealing().seal_now() == signed


def test_a_note_that_was_signed_before_a_kill_is_stored_and_published_after_it(
    ledger: Ledger, new_sealing: MakeSealing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grown(ledger, patients=1)
    published = tmp_path / "published"

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    broken = new_sealing(published_in=published)
    monkeypatch.setattr(broken, "_keep", killed)
    with pytest.raises(KeyboardInterrupt):
        broken.seal_now()
    note = broken._signer.last()
    assert note is not None
    assert broken.newest() is None
    grown(ledger, patients=1)
    again = new_sealing(published_in=published)
    newer = again.seal_now()
    assert [one.note for one in again.store.checkpoints(newer.checkpoint.origin)] == [note[0], newer.note]
    assert (published / "checkpoint").read_text() == newer.note
    assert (published / newer.checkpoint.origin / str(note[1].size)).read_text() == note[0]


def test_what_cannot_be_published_is_told_and_goes_out_when_it_can(
    ledger: Ledger, new_sealing: MakeSealing, tmp_path: Path
) -> None:
    place = tmp_path / "published"
    place.write_text("a file where a folder should be")
    grown(ledger, patients=1)
    sealing = new_sealing(published_in=place)
    sealing.seal_now()
    assert "published can't be written" in (sealing.not_published or "")
    grown(ledger, patients=1)
    sealing.seal_now()
    place.unlink()
    sealing.publish()
    assert sealing.not_published is None
    stored = sealing.store.checkpoints(sealing.origins.current())
    assert len(stored) == 2
    assert (place / "checkpoint").read_text() == stored[-1].note
    for one in stored:
        assert (place / one.origin / str(one.size)).read_text() == one.note


# -- its key ----------------------------------------------------------------------------------


def test_the_key_is_made_on_the_first_start_and_is_its_owners_alone(
    ledger: Ledger, sealing: Sealing, folder: Path
) -> None:
    sealing.seal_now()
    assert (folder / "key").stat().st_mode & 0o777 == 0o600
    assert sealing.origins.verifying_keys() == [verifying_key(folder)]


def test_a_key_from_elsewhere_is_never_written(ledger: Ledger, new_sealing: MakeSealing, folder: Path) -> None:
    key = SigningKey(f"lemtrada-ledger/{ledger.ledger_id}", b"k" * 32)
    signed = new_sealing(given=key.secret_text()).seal_now()
    assert open_note(signed.note, [key.verifying_key])
    assert not (folder / "key").exists()


def test_a_rotation_is_recorded_and_the_next_checkpoint_has_both_signatures(
    ledger: Ledger, sealing: Sealing, folder: Path
) -> None:
    grown(ledger, patients=1)
    sealing.seal_now()
    before = read_verifying_key(verifying_key(folder))
    sealing._signer.rotate(sealing.origins.current())
    both = sealing.seal_now()
    after = read_verifying_key(verifying_key(folder))
    assert open_note(both.note, [before, after])[1] == (after, before)
    grown(ledger, patients=1)
    alone = sealing.seal_now()
    assert open_note(alone.note, [before, after])[1] == (after,)
    named = [one for one in sealing.origins.events() if isinstance(one, SealingKeyNamed)]
    assert [(one.cause, one.replaces) for one in named] == [("first_start", None), ("rotation", before.text())]


def test_a_machine_with_a_key_of_its_own_does_not_sign_beside_the_one_on_record_until_it_is_said_to(
    ledger: Ledger, sealing: Sealing, tmp_path: Path
) -> None:
    first = sealing.seal_now()
    other = Sealing(ledger, Signer(tmp_path / "another machine", os.urandom))
    grown(ledger, patients=1)
    with pytest.raises(StoreError, match=r"This ledger is sealed with the key .*LEMTRADA_SEAL_KEY.*rotate-key --lost"):
        other.seal_now()
    assert other.newest() == first
    assert len(sealing.origins.verifying_keys()) == 1
    signed = other.seal_now(in_place_of_another=True)
    assert open_note(signed.note, [read_verifying_key(sealing.origins.verifying_keys()[-1])])
    with pytest.raises(StoreError, match="is sealed with the key"):
        sealing.seal_now()


def test_machines_that_share_a_key_sign_in_turn(ledger: Ledger, tmp_path: Path) -> None:
    key = SigningKey(f"lemtrada-ledger/{ledger.ledger_id}", b"k" * 32).secret_text()
    machines = [Sealing(ledger, Signer(tmp_path / name, os.urandom, key)) for name in ("north", "south")]
    for turn in range(4):
        grown(ledger, patients=1)
        assert machines[turn % 2].seal_now().checkpoint.root == root_of_log(ledger)
    assert len(machines[0].origins.verifying_keys()) == 1


def test_a_folder_that_cannot_be_written_is_named(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    sealing = Sealing(ledger, Signer(tmp_path / "file" / "signer", os.urandom))
    with pytest.raises(StoreError, match=r"signer.* can't be (read|written)"):
        sealing.seal_now()


# -- a new origin -------------------------------------------------------------------------------


def test_a_log_that_lost_what_was_sealed_is_not_signed_until_somebody_starts_a_new_origin(
    ledger: Ledger, sealing: Sealing, new_sealing: MakeSealing, folder: Path, lose_the_newest: Callable[[int], None]
) -> None:
    grown(ledger, patients=3)
    lost = sealing.seal_now()
    lose_the_newest(4)
    restored = new_sealing()
    with pytest.raises(NotConsistent, match=r"leaves were signed, but the log has only .* seal new-origin"):
        restored.seal_now()
    successor = start_new_origin(ledger, Signer(folder, os.urandom), restored, "The disk was lost.")
    assert successor.checkpoint.origin == f"{lost.checkpoint.origin}/2"
    assert successor.checkpoint.root == root_of_log(ledger)
    (extension,) = successor.checkpoint.extensions
    assert extension.startswith(f"after {lost.checkpoint.origin} {lost.checkpoint.size} ")
    started = [one for one in restored.origins.events() if isinstance(one, SealStarted)]
    assert started[-1].after == lost.note
    assert started[-1].reason == "The disk was lost."
    assert (folder / f"checkpoint.{lost.checkpoint.origin.replace('/', '_')}.{lost.checkpoint.size}").is_file()
    grown(ledger, patients=1)
    assert new_sealing().seal_now().checkpoint.root == root_of_log(ledger)
