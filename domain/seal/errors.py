"""What the seal refuses: three reasons, each with what is wrong and where.

SealError
|- Malformed      a text is not written as its format demands, to the byte
|- OutsideTree    a leaf or a size that the tree does not have
`- NotProven      well written, but a signature or a proof does not hold
"""

from __future__ import annotations


class SealError(Exception):
    """`what` is wrong and `where`, e.g. "the root is not base64 of 32 bytes" in "line 3 of the checkpoint"."""

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
