"""The errors of the seal. Each states what is wrong and where.

SealError
|- Malformed      a text does not follow its format exactly
|- OutsideTree    the tree does not have this leaf or size
`- NotProven      the format is correct, but a signature or a proof is not valid
"""

from __future__ import annotations


class SealError(Exception):
    """`what` is wrong and `where`, for example "the root is not base64 of 32 bytes" in "line 3 of the checkpoint"."""

    def __init__(self, what: str, where: str) -> None:
        super().__init__(f"{what} ({where})")
        self.what = what
        self.where = where


class Malformed(SealError):
    pass


class OutsideTree(SealError):
    pass


class NotProven(SealError):
    pass
