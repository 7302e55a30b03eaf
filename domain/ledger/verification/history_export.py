"""Verifies an export of one history: proofs show that each event is in the tree, which the export does not contain."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from domain.ledger.verification import export_layout
from domain.ledger.verification.check_bytes import Keys, Signed, leaf_hash_of
from domain.ledger.verification.check_meaning import MeaningCheck
from domain.ledger.verification.check_order import OrderCheck
from domain.ledger.verification.export_source import ExportFolder
from domain.ledger.verification.report import Logged, VerificationFailure, VerificationPart, VerificationReport, about
from domain.seal.errors import SealError
from domain.seal.merkle import check_consistency, check_inclusion
from domain.seal.notes import VerifyingKey, open_note
from domain.seal.proofs import read_consistency_proof, read_inclusion_proof

ONE_HISTORY_REMARK = "This is one history. Only an export of the whole ledger proves that no later event is missing."


def is_of_one_history(folder: Path) -> bool:
    return (folder / export_layout.PROOFS).is_dir()


def verify_history(
    folder: Path, *, key: VerifyingKey | None = None, given: Sequence[Signed] = ()
) -> VerificationReport:
    """Verifies an export of one history, as `verify` does a ledger, but with inclusion proofs instead of the root."""
    return _History(folder, key, given).run()


class _History(ExportFolder):
    def __init__(self, folder: Path, key: VerifyingKey | None, given: Sequence[Signed]) -> None:
        super().__init__(folder)
        self.report = VerificationReport(
            f"one history, exported to {folder}", key_given=key is not None, checkpoints_given=len(given)
        )
        self.part: VerificationPart = self.report.bytes
        self.known = Keys(key)
        self.keys(self.part, self.known)
        self.given = given

    def run(self) -> VerificationReport:
        signed = list(self.checkpoints(self.part))
        for one in signed:
            self._signature(one, is_last=one is self.final)
        self._consistency()
        self._independent_checkpoints(signed)
        entries = [entry for _, entry in self.lines(self.part)]
        order, meaning = OrderCheck(self.report.order, is_whole_log=False), MeaningCheck(self.report.meaning)
        for entry in entries:
            order.take(entry)
            self._proof(entry)
        order.finish()
        if len(order.heads) > 1 and entries:
            self.report.order.fail(
                VerificationFailure("it contains events of several histories", file=export_layout.ENTRIES)
            )
        self.part.counts["events proven to be in the tree"] = len(entries)
        if entries:
            meaning.history(entries)
        else:
            self.part.fail(VerificationFailure("it contains no event", file=export_layout.ENTRIES))
        self.check_editions(self.report.meaning, meaning.editions)
        self.check_files(self.part)
        self.report.order.remark(ONE_HISTORY_REMARK)
        if self.final is not None:
            checkpoint = self.final.checkpoint
            self.report.checkpoint = checkpoint.origin, checkpoint.size, checkpoint.root.hex()
        return self.report

    def _signature(self, signed: Signed, *, is_last: bool) -> None:
        self.part.counts["checkpoints"] += 1
        try:
            _, signers = open_note(signed.note, self.known.known)
        except SealError as error:
            self.part.fail(VerificationFailure(error.what, file=signed.place))
            return
        if len(signers) != signed.signatures:
            self.part.fail(VerificationFailure("it has a signature by an unknown key", file=signed.place))
        if is_last and self.known.given is not None and self.known.given not in signers:
            self.part.fail(VerificationFailure("it is not signed by the given key", file=signed.place))

    def _consistency(self) -> None:
        """Checks the proof from each earlier checkpoint to the next one, and from the last one to the export's own."""
        for number, older, newer in self.with_next():
            file = export_layout.consistency_file(number)
            content = self.content(file, self.part)
            if content is None or older is None or newer is None:
                continue
            try:
                proof = read_consistency_proof(content)
            except SealError as error:
                self.part.fail(VerificationFailure(error.what, file=file))
                continue
            roots = older.checkpoint.root, newer.checkpoint.root
            holds = check_consistency(older.size, newer.size, *roots, proof.path)
            if not holds or (proof.old_size, proof.note) != (older.size, newer.note):
                what = "it does not prove that the next checkpoint only adds to this one"
                self.part.fail(VerificationFailure(what, file=file))

    def _independent_checkpoints(self, signed: Sequence[Signed]) -> None:
        roots = {one.size: one.checkpoint.root for one in signed}
        for one in self.given:
            self.part.counts["independent checkpoints"] += 1
            try:
                open_note(one.note, self.known.known)
            except SealError as error:
                self.part.fail(VerificationFailure(error.what, file=one.place))
            if one.size not in roots:
                what = (
                    f"this export does not connect its {one.size} leaves to the "
                    "checkpoint: use an export of the whole ledger"
                )
                self.part.fail(VerificationFailure(what, file=one.place))
            elif roots[one.size] != one.checkpoint.root:
                what = f"the tree of its {one.size} leaves has a different root: entries were altered"
                self.part.fail(VerificationFailure(what, file=one.place))

    def _proof(self, entry: Logged) -> None:
        file = export_layout.proof_file(entry.version)
        content = self.content(file, self.part)
        if content is None or self.final is None or entry.leaf is None:
            return
        try:
            proof = read_inclusion_proof(content)
        except SealError as error:
            self.part.fail(VerificationFailure(error.what, file=file))
            return
        checkpoint = self.final.checkpoint
        is_in = check_inclusion(entry.leaf, checkpoint.size, leaf_hash_of(entry), proof.path, checkpoint.root)
        if not is_in or (proof.index, proof.note, proof.extra) != (entry.leaf, self.final.note, None):
            self.part.fail(about("it is not proven to be in the tree of the checkpoint", entry))
