"""C2SP tlog-tiles (https://c2sp.org/tlog-tiles): how the tree and its entries lie in files, 256 wide.

A tile at level l holds the roots of complete subtrees of 256**l leaves each. Proofs need only the stored
hashes: ``hashes_at(level, first, count)`` returns ``count`` hashes of *tile* level ``level`` from number
``first`` on, all of one tile; hash ``index`` is the root over the leaves from ``index * 256**level`` to
``(index + 1) * 256**level``.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from audit.errors import TileError
from audit.tree import merkle
from audit.tree.merkle import HASH_SIZE, Frontier

TILE_WIDTH: Final = 256
MAX_ENTRY: Final = 65_535
TILE_HEIGHT: Final = 8
_MAX_LEVEL: Final = 63

HashesAt = Callable[[int, int, int], Sequence[bytes]]


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """Return a tile's path, such as ``tile/0/x001/234`` or, when partial, ``tile/0/000.p/5``.

    Raises:
        TileError: the level, index or width is out of range.
    """
    if not 0 <= level <= _MAX_LEVEL:
        raise TileError(f"There is no tile level {level}.")
    return f"tile/{level}/{_address(index, width)}"


def bundle_path(index: int, width: int = TILE_WIDTH) -> str:
    """Return an entry bundle's path, such as ``tile/entries/000.p/5``.

    Raises:
        TileError: the index or width is out of range.
    """
    return f"tile/entries/{_address(index, width)}"


def tile_width(level: int, index: int, size: int) -> int:
    """Return how many hashes tile ``index`` of ``level`` holds in a tree of ``size``: 0 to 256."""
    hashes = size >> (TILE_HEIGHT * level)
    return max(0, min(TILE_WIDTH, hashes - index * TILE_WIDTH))


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Write entries one after the other, each after its length as two bytes, big end first.

    Raises:
        TileError: no entries, more than 256, or one longer than 65,535 bytes.
    """
    if not 1 <= len(entries) <= TILE_WIDTH or max(map(len, entries)) > MAX_ENTRY:
        raise TileError("A bundle has 1 to 256 entries of at most 65,535 bytes.")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def iterate_bundle(data: bytes) -> Iterator[bytes]:
    """Read a bundle entry by entry.

    Raises:
        TileError: the bundle ends inside an entry.
    """
    start = 0
    while start < len(data):
        end = start + 2 + int.from_bytes(data[start : start + 2], "big")
        if end > len(data) or start + 2 > len(data):
            raise TileError("The bundle ends inside an entry.")
        yield data[start + 2 : end]
        start = end


def cut_bundle(data: bytes, most: int) -> tuple[list[bytes], int]:
    """Return the first whole entries of a bundle, at most ``most`` of them, and where they end."""
    entries, start, length = list[bytes](), 0, len(data)
    while len(entries) < most and start + 2 <= length:
        end = start + 2 + (data[start] << 8 | data[start + 1])
        if end > length:
            break
        entries.append(data[start + 2 : end])
        start = end
    return entries, start


def decode_bundle(data: bytes) -> list[bytes]:
    """Read a whole bundle.

    Raises:
        TileError: no entries, more than 256, or the bundle ends inside an entry.
    """
    entries = list(iterate_bundle(data))
    if not 1 <= len(entries) <= TILE_WIDTH:
        raise TileError("A bundle has 1 to 256 entries.")
    return entries


def hash_tiles(leaves: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of every tile of the tree over these leaf hashes, level by level."""
    level, hashes = 0, leaves
    while hashes:
        chunks = [hashes[start : start + TILE_WIDTH] for start in range(0, len(hashes), TILE_WIDTH)]
        for index, chunk in enumerate(chunks):
            yield tile_path(level, index, len(chunk)), b"".join(chunk)
        level, hashes = level + 1, [merkle.root(chunk) for chunk in chunks if len(chunk) == TILE_WIDTH]


def inclusion_proof(index: int, size: int, hashes_at: HashesAt) -> list[bytes]:
    """Prove entry ``index`` in the tree of ``size`` from stored hashes.

    Raises:
        ProofError: there is no such entry.
    """
    return [_range_root(low, high, hashes_at) for low, high in merkle.inclusion_ranges(index, size)]


def consistency_proof(first: int, second: int, hashes_at: HashesAt) -> list[bytes]:
    """Prove that the tree of ``second`` extends the tree of ``first`` from stored hashes.

    Raises:
        ProofError: ``first`` is larger than ``second`` or negative.
    """
    return [_range_root(low, high, hashes_at) for low, high in merkle.consistency_ranges(first, second)]


def range_proof(first: int, last: int, size: int, hashes_at: HashesAt) -> list[bytes]:
    """Prove the entries ``first`` to ``last``, both included, in the tree of ``size`` from stored hashes.

    Raises:
        ProofError: there are no such entries.
    """
    return [_range_root(low, high, hashes_at) for low, high in merkle.outside_ranges(first, last, size)]


def frontier_at(size: int, hashes_at: HashesAt) -> Frontier:
    """Return the frontier of the tree of ``size`` from stored hashes, ready to grow."""
    return Frontier(size=size, hashes=_perfect_roots(0, size, hashes_at))


def root_at(size: int, hashes_at: HashesAt) -> bytes:
    """Return the root of the tree of ``size`` from stored hashes."""
    return frontier_at(size, hashes_at).root()


def cut_hashes(tile: bytes, first: int, count: int) -> list[bytes]:
    """Return ``count`` hashes of a tile from the one numbered ``first`` on, of all there are at its level.

    Raises:
        TileError: the tile does not hold as many.
    """
    start = (first % TILE_WIDTH) * HASH_SIZE
    end = start + count * HASH_SIZE
    if len(tile) < end:
        raise TileError(f"The tile {first // TILE_WIDTH} lacks hash {max(len(tile), start) // HASH_SIZE}.")
    return [tile[place : place + HASH_SIZE] for place in range(start, end, HASH_SIZE)]


def _range_root(low: int, high: int, hashes_at: HashesAt) -> bytes:
    return merkle.join(_perfect_roots(low, high, hashes_at))


def _perfect_roots(low: int, high: int, hashes_at: HashesAt) -> list[bytes]:
    roots = []
    while low < high:
        height = (high - low).bit_length() - 1
        roots.append(_perfect_root(height, low >> height, hashes_at))
        low += 1 << height
    return roots


def _perfect_root(height: int, index: int, hashes_at: HashesAt) -> bytes:
    level, above = divmod(height, TILE_HEIGHT)
    first = index << above
    return merkle.root(hashes_at(level, first, 1 << above))


def _address(index: int, width: int) -> str:
    if index < 0 or not 1 <= width <= TILE_WIDTH:
        raise TileError(f"There is no tile {index} of width {width}.")
    *upper, last = _groups(index)
    path = "/".join([*(f"x{group:03d}" for group in upper), f"{last:03d}"])
    return path if width == TILE_WIDTH else f"{path}.p/{width}"


def _groups(index: int) -> list[int]:
    upper, last = divmod(index, 1000)
    return [*_groups(upper), last] if upper else [last]
