"""The text that is signed: the head of the tree at one size, as a C2SP tlog-checkpoint.

lemtrada-ledger/<ledger id>
<number of leaves>
<root, base64>
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.seal.encoding import base64_of, hash_of, number_of, text_of
from domain.seal.errors import Malformed
from domain.seal.merkle import EMPTY_ROOT, HASH_SIZE, SIZE_MAX

_WHERE = "checkpoint"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """States that the tree of this `origin` had this `root` at this `size`. Raises Malformed.

    `extensions` are lines of other software, which the format allows and no proof covers. This program writes none.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for line in (self.origin, *self.extensions):
            if not text_of(line, _WHERE) or "\n" in line:
                raise Malformed("the origin and every extension must be one line that is not empty", _WHERE)
        if not 0 <= self.size <= SIZE_MAX:
            raise Malformed("the size is not a number from 0 to 2**63 - 1", _WHERE)
        if len(self.root) != HASH_SIZE:
            raise Malformed(f"the root has {len(self.root)} bytes where a hash has {HASH_SIZE}", _WHERE)
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise Malformed("a tree of no leaves has another root", _WHERE)

    def text(self) -> str:
        """The text of the note to be signed."""
        return "".join(f"{line}\n" for line in (self.origin, self.size, base64_of(self.root), *self.extensions))


def read_checkpoint(text: str | bytes) -> Checkpoint:
    """A checkpoint from the text of a note, without its signatures. Raises Malformed."""
    *lines, rest = text_of(text, _WHERE).split("\n")
    if len(lines) < 3 or rest:
        raise Malformed("it does not have at least three lines that each end with a newline", _WHERE)
    origin, size, root, *extensions = lines
    return Checkpoint(
        origin,
        number_of(size, "size", f"line 2 of the {_WHERE}"),
        hash_of(root, "root", f"line 3 of the {_WHERE}"),
        tuple(extensions),
    )
