"""What can be wrong with the store itself, as against with a command (`domain.errors`)."""

from __future__ import annotations


class StoreError(Exception):
    """The ledger's store cannot be used as asked: the cause, and what to do about it. Never a password."""

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(cause)
        self.cause = cause
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.cause}: {self.remedy}"


class DocumentDamaged(StoreError):
    """The bytes that are stored are not those that were stored: their SHA-256 is another."""

    def __init__(self) -> None:
        super().__init__(
            "A stored document is damaged: its content no longer has the SHA-256 that was recorded",
            "restore the document from a backup, or store the original again",
        )
