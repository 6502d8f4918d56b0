from collections.abc import Sequence

import pytest

from audit.errors import ProofError, TileError
from audit.tree import merkle, tiles

LEAVES = [merkle.leaf_hash(number.to_bytes(4, "big")) for number in range(70_000)]
FILES = dict(tiles.hash_tiles(LEAVES))


def hashes_from(files: dict[str, bytes], size: int) -> tiles.HashesAt:
    """Read hashes out of stored tiles, as a log store does."""

    def hashes_at(level: int, first: int, count: int) -> Sequence[bytes]:
        tile = first // tiles.TILE_WIDTH
        stored = files[tiles.tile_path(level, tile, tiles.tile_width(level, tile, size))]
        return tiles.cut_hashes(stored, first, count)

    return hashes_at


@pytest.mark.parametrize(
    ("index", "width", "path"),
    [
        (0, 256, "000"),
        (7, 1, "007.p/1"),
        (999, 255, "999.p/255"),
        (1000, 256, "x001/000"),
        (1_234_067, 256, "x001/x234/067"),
        (1_234_067, 8, "x001/x234/067.p/8"),
    ],
)
def test_paths_as_the_specification_writes_them(index: int, width: int, path: str) -> None:
    assert tiles.tile_path(3, index, width) == f"tile/3/{path}"
    assert tiles.bundle_path(index, width) == f"tile/entries/{path}"


@pytest.mark.parametrize(
    ("level", "index", "width"), [(-1, 0, 1), (64, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257)]
)
def test_paths_out_of_range_are_refused(level: int, index: int, width: int) -> None:
    with pytest.raises(TileError):
        tiles.tile_path(level, index, width)


def test_a_tree_of_70000_has_the_tiles_of_the_specification() -> None:
    assert sum(path.startswith("tile/0/") for path in FILES) == 274
    assert len(FILES["tile/0/273.p/112"]) == 112 * 32
    assert len(FILES["tile/1/000"]) == 8192
    assert len(FILES["tile/1/001.p/17"]) == 17 * 32
    assert FILES["tile/2/000.p/1"] == merkle.root(LEAVES[:65_536])
    assert len(FILES) == 274 + 2 + 1


def test_a_tree_of_256_has_a_level_1_tile_of_one_hash() -> None:
    assert [path for path, _ in tiles.hash_tiles(LEAVES[:256])] == ["tile/0/000", "tile/1/000.p/1"]
    assert list(tiles.hash_tiles([])) == []


def test_widths() -> None:
    assert [tiles.tile_width(0, index, 300) for index in range(3)] == [256, 44, 0]
    assert [tiles.tile_width(1, index, 300) for index in range(2)] == [1, 0]


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 600])
def test_proofs_from_tiles_equal_proofs_from_leaves(size: int) -> None:
    hashes_at = hashes_from(dict(tiles.hash_tiles(LEAVES[:size])), size)
    for place in range(0, size, 17):
        assert tiles.inclusion_proof(place, size, hashes_at) == merkle.inclusion_proof(LEAVES[:size], place)
        assert tiles.consistency_proof(place, size, hashes_at) == merkle.consistency_proof(
            LEAVES[:size], place
        )
    assert tiles.root_at(size, hashes_at) == merkle.root(LEAVES[:size])


def test_a_large_tree_is_proven_with_few_reads() -> None:
    reads = list[tuple[int, int]]()
    stored = hashes_from(FILES, len(LEAVES))

    def hashes_at(level: int, first: int, count: int) -> Sequence[bytes]:
        reads.append((level, first // tiles.TILE_WIDTH))
        return stored(level, first, count)

    proof = tiles.inclusion_proof(69_999, 70_000, hashes_at)
    merkle.verify_inclusion(LEAVES[69_999], 69_999, 70_000, proof, merkle.root(LEAVES))
    assert len(set(reads)) <= 3


def test_a_frontier_from_tiles_goes_on_growing() -> None:
    frontier = tiles.frontier_at(69_000, hashes_from(FILES, len(LEAVES)))
    for leaf in LEAVES[69_000:]:
        frontier.append(leaf)
    assert (frontier.size, frontier.root()) == (70_000, merkle.root(LEAVES))
    assert tiles.root_at(0, hashes_from({}, 0)) == merkle.EMPTY_ROOT


def test_no_proof_outside_the_tree() -> None:
    with pytest.raises(ProofError):
        tiles.inclusion_proof(5, 5, hashes_from({}, 5))
    with pytest.raises(ProofError):
        tiles.consistency_proof(6, 5, hashes_from({}, 5))


def test_bundles_read_back() -> None:
    entries = [b"", b"a", b"b" * 65_535]
    assert tiles.encode_bundle(entries[:2]) == b"\x00\x00\x00\x01a"
    assert tiles.decode_bundle(tiles.encode_bundle(entries)) == entries


@pytest.mark.parametrize("entries", [[], [b""] * 257, [b"x" * 65_536]])
def test_a_bundle_out_of_bounds_is_refused(entries: list[bytes]) -> None:
    with pytest.raises(TileError):
        tiles.encode_bundle(entries)


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x00\x02a", b"\x00\x01a\x00", b"\x00\x00" * 257])
def test_a_malformed_bundle_is_refused(data: bytes) -> None:
    with pytest.raises(TileError):
        tiles.decode_bundle(data)
