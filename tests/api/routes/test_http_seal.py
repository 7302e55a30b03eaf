"""The seal over HTTP: what is answered is what others check, and nobody is told of a patient of others."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.ledger.sealing.sealing import Sealing
from domain.seal.checkpoints import read_checkpoint
from domain.seal.notes import open_note, read_verifying_key
from domain.seal.proofs import prove_consistency, prove_inclusion, read_consistency_proof, read_inclusion_proof
from tests.api.routes.commands.acts import NURSE, Api
from tests.ledger.sealing.logs import leaves_of


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LEMTRADA_SEAL_DIR", str(tmp_path / "signer"))
    return tmp_path / "signer"


def sealing_of(api: Api) -> Sealing:
    sealing: Sealing = api.client.app.state.sealing  # type: ignore[attr-defined]
    return sealing


def test_nothing_is_signed_of_a_ledger_that_was_never_sealed(api: Api) -> None:
    assert api.client.get("/seal/checkpoint").status_code == 404
    health = api.asked("/seal/health")
    assert health["checkpoint_size"] is None
    assert health["events_unsealed"] == api.ledger.position()
    assert health["refusal"] is None


def test_the_newest_checkpoint_is_a_signed_note_that_its_key_opens(api: Api) -> None:
    api.opened()
    signed = sealing_of(api).seal_now()
    note = api.client.get("/seal/checkpoint")
    assert note.headers["content-type"].startswith("text/plain")
    assert note.text == signed.note
    (key,) = api.client.get("/seal/key").text.splitlines()
    assert read_checkpoint(open_note(note.text, [read_verifying_key(key)])[0]) == signed.checkpoint
    (listed,) = api.asked("/seal/checkpoints")["items"]
    assert (listed["size"], listed["note"]) == (signed.checkpoint.size, signed.note)


def test_checkpoints_page_by_their_sizes(api: Api) -> None:
    sizes = []
    for member in ("M-1", "M-2", "M-3"):
        api.opened(member)
        sizes.append(sealing_of(api).seal_now().checkpoint.size)
    first = api.asked("/seal/checkpoints", limit=2)
    assert [one["size"] for one in first["items"]] == sizes[:2]
    second = api.asked("/seal/checkpoints", limit=2, after=first["next_after"])
    assert [one["size"] for one in second["items"]] == sizes[2:]
    assert second["next_after"] is None


def test_an_event_is_proven_to_be_in_the_log(api: Api) -> None:
    patient = api.opened()
    api.submitted(patient)
    sealing = sealing_of(api)
    signed = sealing.seal_now()
    keys = [read_verifying_key(one) for one in sealing.origins.verifying_keys()]
    leaves = leaves_of(api.ledger)
    for version in (1, 2):
        text = api.client.get(f"/patients/{patient}/events/{version}/proof").text
        proof = read_inclusion_proof(text)
        assert prove_inclusion(proof, leaves[proof.index], signed.checkpoint.origin, keys)[0] == signed.checkpoint


def test_a_proof_may_be_asked_for_under_a_later_checkpoint_and_none_is_given_under_an_earlier(api: Api) -> None:
    early = api.opened("M-1")
    older = sealing_of(api).seal_now().checkpoint.size
    late = api.opened("M-2")
    newer = sealing_of(api).seal_now().checkpoint.size
    path = f"/patients/{early}/events/1/proof"
    assert read_checkpoint_size(api.client.get(path).text) == older
    assert read_checkpoint_size(api.client.get(path, params={"size": newer}).text) == newer
    assert api.client.get(f"/patients/{late}/events/1/proof", params={"size": older}).status_code == 409
    assert api.client.get(path, params={"size": newer + 1}).status_code == 404
    assert api.client.get(f"/patients/{early}/events/99/proof").status_code == 404


def read_checkpoint_size(proof: str) -> int:
    return read_checkpoint(read_inclusion_proof(proof).note.partition("\n\n")[0] + "\n").size


def test_an_event_that_is_not_sealed_yet_has_no_proof_yet(api: Api) -> None:
    patient = api.opened()
    answer = api.client.get(f"/patients/{patient}/events/1/proof")
    assert answer.status_code == 409
    assert "Ask again" in answer.text


def test_a_newer_tree_is_proven_to_begin_with_an_older_one(api: Api) -> None:
    api.opened("M-1")
    sealing = sealing_of(api)
    older = sealing.seal_now().checkpoint
    api.opened("M-2")
    newer = sealing.seal_now().checkpoint
    text = api.client.get("/seal/consistency", params={"old": older.size}).text
    keys = [read_verifying_key(one) for one in sealing.origins.verifying_keys()]
    assert prove_consistency(read_consistency_proof(text), older, keys)[0] == newer
    assert api.client.get("/seal/consistency", params={"old": newer.size + 1}).status_code == 404
    assert api.client.get("/seal/consistency", params={"old": 1, "new": newer.size + 7}).status_code == 404


def test_each_determination_shows_its_leaf_and_the_checkpoint_over_it(api: Api) -> None:
    patient = api.opened()
    submitted = api.submitted(patient)
    request_id = submitted["request"]["request_id"] if "request" in submitted else submitted["request_id"]
    assert api.asked(f"/requests/{request_id}/seal") == []
    digest = submitted["assessment_digest"]
    api.did(f"/requests/{request_id}/approve", {"actor": NURSE, "assessment_digest": digest})
    (shown,) = api.asked(f"/requests/{request_id}/seal")
    assert (shown["determination"], shown["seal"]) == ("approved", None)
    sealing = sealing_of(api)
    sealing.seal()
    (shown,) = api.asked(f"/requests/{request_id}/seal")
    assert shown["seal"]["checkpoint"] is None
    signed = sealing.seal_now()
    (shown,) = api.asked(f"/requests/{request_id}/seal")
    assert shown["seal"]["checkpoint"]["note"] == signed.note
    history = api.asked(f"/patients/{patient}/history")["items"]
    approved = next(one["version"] for one in history if one["event"] == "CourseApproved")
    assert shown["version"] == approved
