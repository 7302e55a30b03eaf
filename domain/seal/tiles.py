"""The tree as files, in C2SP tlog-tiles. A tile has up to 256 hashes of one level.

The hashes of level L are those of the subtrees of 256 ** L leaves.

    tile/<level>/<number>           a full tile: 256 hashes
    tile/<level>/<number>.p/<width> the last tile of a level, with fewer hashes

The digits of the number are grouped in threes, `x001/x234/067` for 1234067, so that no folder has more than a thousand
names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from domain.seal.errors import Malformed, OutsideTree
from domain.seal.merkle import HASH_SIZE, SIZE_MAX, ReadSubtree, root_of

WIDTH: Final = 256
"""The number of hashes in a full tile."""
HEIGHT: Final = 8
"""The levels of the tree in one level of tiles: 256 is 2 ** 8."""
LEVEL_MAX: Final = 63
_PATH: Final = re.compile(
    r"tile/(?P<level>0|[1-9]\d?)/(?P<number>(?:x\d{3}/)*\d{3})(?:\.p/(?P<width>[1-9]\d{0,2}))?", re.ASCII
)


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """The `number`-th tile of its `level`, with `width` hashes: 256, or fewer if it is the last one.

    Raises OutsideTree.
    """

    level: int
    number: int
    width: int = WIDTH

    def __post_init__(self) -> None:
        if not (0 <= self.level <= LEVEL_MAX and 0 <= self.number <= SIZE_MAX and 1 <= self.width <= WIDTH):
            raise OutsideTree(f"no tree has tile {self.number} of level {self.level} and width {self.width}", "tile")

    def path(self) -> str:
        """The path of the tile's file."""
        threes = f"{self.number:d}"
        threes = threes.zfill(-(-len(threes) // 3) * 3)
        parts = [threes[start : start + 3] for start in range(0, len(threes), 3)]
        number = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
        return f"tile/{self.level}/{number}{'' if self.width == WIDTH else f'.p/{self.width}'}"


def read_tile_path(path: str) -> Tile:
    """The tile of a path. Raises Malformed for any spelling other than that of `Tile.path`."""
    match = _PATH.fullmatch(path)
    if match is not None and len(match["number"]) <= len("x009/x223/x372/x036/x854/x775/807"):
        level, number, width = int(match["level"]), int(re.sub("[x/]", "", match["number"])), match["width"]
        if level <= LEVEL_MAX and number <= SIZE_MAX and (width is None or int(width) < WIDTH):
            tile = Tile(level, number, WIDTH if width is None else int(width))
            if tile.path() == path:
                return tile
    raise Malformed("it is not the path of a tile", "path of a tile")


def tiles_of(size: int) -> Iterator[Tile]:
    """Every tile of a tree of `size` leaves, level by level."""
    level, hashes = 0, size
    while hashes:
        yield from (Tile(level, number) for number in range(hashes // WIDTH))
        if hashes % WIDTH:
            yield Tile(level, hashes // WIDTH, hashes % WIDTH)
        level, hashes = level + 1, hashes // WIDTH


def tile_bytes(tile: Tile, read: ReadSubtree) -> bytes:
    """The hashes of a tile, one after the other, as its file holds them."""
    first = tile.number * WIDTH
    return b"".join(read(HEIGHT * tile.level, first + offset) for offset in range(tile.width))


def hashes_of_tile(tile: Tile, content: bytes) -> list[bytes]:
    """The hashes in the file of a tile. Raises Malformed if their number is not the tile's width."""
    if len(content) != tile.width * HASH_SIZE:
        raise Malformed(
            f"it has {len(content)} bytes instead of the {tile.width * HASH_SIZE} bytes of {tile.width} hashes",
            tile.path(),
        )
    return [content[start : start + HASH_SIZE] for start in range(0, len(content), HASH_SIZE)]


def reading_tiles(hashes: Callable[[int, int, int], Sequence[bytes]]) -> ReadSubtree:
    """Reads the hash of any full subtree from a store that has only the hashes of 256 ** level leaves.

    `hashes(level, first, count)` returns `count` hashes of that level from number `first` on: at most 128, and always
    within one tile. The returned function raises OutsideTree if the store has fewer.
    """

    def read(level: int, number: int) -> bytes:
        stored_level, above = divmod(level, HEIGHT)
        stored = hashes(stored_level, number << above, 1 << above)
        if len(stored) != 1 << above:
            raise OutsideTree(
                f"only {len(stored)} of {1 << above} hashes are present", f"level {stored_level} of the tree"
            )
        return root_of(stored)

    return read
