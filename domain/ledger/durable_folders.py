"""Creates files that only their owner can read, and flushes folders to the disk, so that such files survive a crash."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO, Final

OWNER_ONLY: Final = 0o600


def sync_folder(folder: Path) -> None:
    """Flushes the entries of the folder. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def new_file(path: Path) -> BinaryIO:
    """Creates a file that only its owner can read, and opens it to write. Raises OSError, also if it exists.

    Each file that a command writes has health data, a key, or a proof about them, so none is for other users.
    """
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY), "wb")
