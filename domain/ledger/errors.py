"""Errors of the store itself. Errors of a command are in `domain.errors`."""

from __future__ import annotations


class StoreError(Exception):
    """The ledger's store cannot be used: the cause, and the remedy. The text never contains a password."""

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(cause)
        self.cause = cause
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.cause}: {self.remedy}"


class DocumentDamaged(StoreError):
    """The stored bytes of a document were changed: their SHA-256 differs from the recorded one."""

    def __init__(self) -> None:
        super().__init__(
            "A stored document is damaged: its content no longer has the SHA-256 that was recorded",
            "restore the document from a backup, or store the original again",
        )
