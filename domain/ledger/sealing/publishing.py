"""Publishes checkpoints to a folder, from which others copy and keep them. The folder may be a mounted file system."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from domain.ledger.sealing.signer import write_whole
from domain.seal.checkpoints import Checkpoint

NEWEST: Final = "checkpoint"
FOR_EVERYBODY: Final = 0o644
"""Others copy a published checkpoint, under users of their own. It has a size and a hash, and nothing of a patient."""


def publish(folder: Path, note: str, checkpoint: Checkpoint) -> None:
    """Writes a checkpoint under its origin and size, and as the newest. It is safe to repeat. Raises OSError."""
    own = folder / checkpoint.origin / str(checkpoint.size)
    own.parent.mkdir(parents=True, exist_ok=True)
    if not own.exists() or own.read_text(encoding="utf-8") != note:
        write_whole(own, note, mode=FOR_EVERYBODY)
    write_whole(folder / NEWEST, note, mode=FOR_EVERYBODY)
