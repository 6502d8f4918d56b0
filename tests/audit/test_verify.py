import random
import shutil
from pathlib import Path

import pytest

from audit.__main__ import main
from audit.checkpoints.checkpoint import Checkpoint, FileSigner, sign_checkpoint
from audit.checkpoints.trust import Trust
from audit.errors import VerifierInputError
from audit.tree import merkle, tiles
from audit.verify import Verdict, read_trust, verify
from tests.audit.test_head import FULL, SMALL
from tests.golden.make_entries import export_files, fixed_signer, prove

SIGNER = fixed_signer()
SIZE = 700
ENTRIES = [b'{"number":%d,"v":1}' % number for number in range(SIZE)]
BUNDLES = [(tiles.bundle_path(index, width), index * 256) for index, width in ((0, 256), (1, 256), (2, 188))]


def write_log(directory: Path, entries: list[bytes], signer: FileSigner = SIGNER) -> Path:
    for name, data in export_files(entries, signer).items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(data)
    return directory


def flip(path: Path, place: int, bit: int = 0) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1 << bit
    path.write_bytes(data)


def owner_of(bundle: bytes, place: int) -> int:
    """Which entry of a bundle the byte at ``place`` belongs to, its length bytes included."""
    start = 0
    for number, entry in enumerate(tiles.iterate_bundle(bundle)):
        start += 2 + len(entry)
        if place < start:
            return number
    raise AssertionError(place)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_log(tmp_path_factory.mktemp("whole"), ENTRIES)


@pytest.fixture
def log(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "log"))


def refused(path: Path, index: int | None, words: str) -> None:
    verdict = verify(path, SIGNER.vkey)
    assert (verdict.ok, verdict.index) == (False, index), verdict.sentence
    assert words in verdict.sentence


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 512])
def test_a_whole_log_verifies(tmp_path: Path, size: int) -> None:
    assert verify(write_log(tmp_path, ENTRIES[:size]), SIGNER.vkey).ok


def test_a_log_of_three_levels_verifies_and_names_a_high_tile(tmp_path: Path) -> None:
    entries = [b'{"n":%d,"v":1}' % number for number in range(66_000)]
    log = write_log(tmp_path, entries)
    assert verify(log, SIGNER.vkey).ok
    flip(log / "tile/2/000.p/1", 0)
    refused(log, 0, "Entries 0 to 65535 do not match their hash in tile/2/000.p/1")
    flip(log / "tile/2/000.p/1", 0)
    flip(log / "tile/1/001.p/1", 0)
    refused(log, 65_536, "Entries 65536 to 65791")


def test_every_flip_in_an_entry_names_that_entry(log: Path) -> None:
    chance = random.Random(1)  # noqa: S311 -- the same flips in every run
    for _ in range(100):
        name, start = chance.choice(BUNDLES)
        good = (log / name).read_bytes()
        place = chance.randrange(len(good))
        flip(log / name, place, chance.randrange(8))
        verdict = verify(log, SIGNER.vkey)
        assert (verdict.ok, verdict.index) == (False, start + owner_of(good, place))
        (log / name).write_bytes(good)


def test_every_flip_in_a_tile_names_its_first_entry(log: Path) -> None:
    chance = random.Random(2)  # noqa: S311 -- the same flips in every run
    places = [
        ("tile/0/000", 0, 1),
        ("tile/0/001", 256, 1),
        ("tile/0/002.p/188", 512, 1),
        ("tile/1/000.p/2", 0, 256),
    ]
    for _ in range(100):
        name, start, span = chance.choice(places)
        place = chance.randrange((log / name).stat().st_size)
        bit = chance.randrange(8)
        flip(log / name, place, bit)
        refused(log, start + place // 32 * span, name)
        flip(log / name, place, bit)
    assert verify(log, SIGNER.vkey).ok


def test_no_flip_in_the_checkpoint_verifies(log: Path) -> None:
    chance = random.Random(3)  # noqa: S311 -- the same flips in every run
    for _ in range(100):
        place, bit = chance.randrange((log / "checkpoint").stat().st_size), chance.randrange(8)
        flip(log / "checkpoint", place, bit)
        refused(log, None, "checkpoint does not hold")
        flip(log / "checkpoint", place, bit)


@pytest.mark.parametrize(("old", "new"), [(b"\n700\n", b"\n699\n"), (b"\n700\n", b"\n701\n")])
def test_an_edited_size_breaks_the_signature(log: Path, old: bytes, new: bytes) -> None:
    path = log / "checkpoint"
    path.write_bytes(path.read_bytes().replace(old, new))
    refused(log, None, "signature")


def test_another_key_is_not_trusted(log: Path, tmp_path: Path) -> None:
    stranger = FileSigner.load_or_create(tmp_path / "key", SIGNER.name)
    leaves = [merkle.leaf_hash(entry) for entry in ENTRIES]
    checkpoint = Checkpoint(SIGNER.name, SIZE, merkle.root(leaves))
    (log / "checkpoint").write_bytes(sign_checkpoint(checkpoint, stranger))
    refused(log, None, "not signed by the trusted key")


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("checkpoint", None),
        ("tile/entries/001", 256),
        ("tile/0/002.p/188", 512),
        ("tile/1/000.p/2", 0),
    ],
)
def test_a_missing_file_is_named(log: Path, name: str, index: int | None) -> None:
    (log / name).unlink()
    refused(log, index, "missing")


def test_removed_swapped_added_and_cut_entries_are_named(log: Path) -> None:
    path = log / BUNDLES[2][0]
    good = tiles.decode_bundle(path.read_bytes())
    altered = [
        (tiles.encode_bundle(good[:50] + good[51:]), 562, "Entry 562"),
        (tiles.encode_bundle([*good[:50], good[51], good[50], *good[52:]]), 562, "Entry 562"),
        (tiles.encode_bundle([*good[:50], b"{}", *good[50:]]), 562, "Entry 562"),
        (tiles.encode_bundle([*good[:50], good[50], *good[50:]]), 563, "Entry 563"),
        (tiles.encode_bundle(good[:-1]), 699, "187 entries instead of 188"),
        (tiles.encode_bundle([*good, good[0]]), 699, "more than 188"),
        (path.read_bytes()[:-1], 699, "ends inside"),
        (path.read_bytes() + b"\x00", 699, "ends inside"),
    ]
    for data, index, words in altered:
        path.write_bytes(data)
        refused(log, index, words)


def test_two_swapped_bundles_are_named(log: Path) -> None:
    first, second = (log / name for name, _ in BUNDLES[:2])
    one, two = first.read_bytes(), second.read_bytes()
    first.write_bytes(two)
    second.write_bytes(one)
    refused(log, 0, "Entry 0")


@pytest.mark.parametrize("cut", [-1, -32])
def test_a_cut_tile_is_named(log: Path, cut: int) -> None:
    path = log / "tile/0/002.p/188"
    path.write_bytes(path.read_bytes()[:cut])
    refused(log, 699, "tile/0/002.p/188")


def test_a_tile_with_surplus_bytes_is_named(log: Path) -> None:
    path = log / "tile/0/002.p/188"
    path.write_bytes(path.read_bytes() + bytes(32))
    refused(log, 699, "wrong number")


def test_a_log_rewritten_whole_fails_at_the_root(log: Path, tmp_path: Path) -> None:
    kept = (log / "checkpoint").read_bytes()
    write_log(log, [*ENTRIES[:9], b'{"number":0,"v":1}', *ENTRIES[10:]])
    (log / "checkpoint").write_bytes(kept)
    refused(log, None, "not with the signed root")


def test_a_log_that_has_grown_since_verifies_up_to_its_checkpoint(tmp_path: Path) -> None:
    log = write_log(tmp_path, ENTRIES[:512])
    leaves = [merkle.leaf_hash(entry) for entry in ENTRIES[:300]]
    checkpoint = Checkpoint(SIGNER.name, 300, merkle.root(leaves))
    (log / "checkpoint").write_bytes(sign_checkpoint(checkpoint, SIGNER))
    (log / "tile/1/000.p/1").write_bytes(merkle.root(leaves[:256]))
    assert verify(log, SIGNER.vkey).ok


@pytest.mark.parametrize(
    "entry",
    [
        b"",
        b"[]",
        b'{"v":2}',
        b'{"v":true}',
        b'{"v":1.0}',
        b"{}",
        b'{"v":1,"v":1}',
        b"\xff",
        b'{"v":1,"x":"%s"}' % (b"x" * 1024),
    ],
)
def test_an_entry_that_is_no_head_is_named(tmp_path: Path, entry: bytes) -> None:
    log = write_log(tmp_path, [*ENTRIES[:3], entry, *ENTRIES[3:5]])
    refused(log, 3, "Entry 3 is in the log but is")
    path = tmp_path / "e.tlog-proof"
    path.write_bytes(prove([*ENTRIES[:3], entry], 3, SIGNER))
    refused(path, 3, "Entry 3 is in the log but is")


@pytest.mark.parametrize(
    "change", [(b'"v":1}', b'"v":1,"v":1}'), (b"audit.read", b"audit\nread"), (b'"id"', b'"action":"x","id"')]
)
def test_a_head_that_only_begins_and_ends_as_one_is_named_by_a_strict_look(
    tmp_path: Path, change: tuple[bytes, bytes]
) -> None:
    good = SMALL.to_bytes()
    log = write_log(tmp_path, [good, good, good.replace(*change), good])
    assert verify(log, SIGNER.vkey).ok
    verdict = verify(log, SIGNER.vkey, strict=True)
    assert (verdict.ok, verdict.index) == (False, 2)
    assert "not JSON with unique keys" in verdict.sentence
    assert main(["verify", str(log), "--key", SIGNER.vkey, "--strict"]) == 1
    path = tmp_path / "e.tlog-proof"
    path.write_bytes(prove([good, good.replace(*change)], 1, SIGNER))
    refused(path, 1, "not JSON with unique keys")


def test_a_strict_look_at_a_whole_log_finds_nothing(log: Path, tmp_path: Path) -> None:
    assert verify(log, SIGNER.vkey, strict=True).ok
    heads = write_log(tmp_path / "heads", [SMALL.to_bytes(), FULL.to_bytes()] * 150)
    assert verify(heads, SIGNER.vkey, strict=True).ok


def test_a_proof_verifies_and_no_flipped_one_does(tmp_path: Path) -> None:
    path = tmp_path / "e.tlog-proof"
    path.write_bytes(prove(ENTRIES, 600, SIGNER))
    assert verify(path, SIGNER.vkey) == Verdict(
        ok=True, index=600, sentence=f"Entry 600 is in the log {SIGNER.name}, signed at 700 entries."
    )
    flip(path, 40)
    refused(path, 600, "does not lead")
    path.write_bytes(b"nonsense")
    refused(path, None, "no tlog-proof")


def test_wrong_use_is_an_error_and_no_verdict(tmp_path: Path) -> None:
    with pytest.raises(VerifierInputError, match="There is no"):
        verify(tmp_path / "nowhere", SIGNER.vkey)
    with pytest.raises(VerifierInputError, match="no verifier key"):
        verify(tmp_path, "key")


def test_a_key_is_given_as_itself_or_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "vkey").write_text(SIGNER.vkey + "\n")
    trust = Trust.of_keys([SIGNER.vkey])
    assert read_trust([f"@{tmp_path / 'vkey'}"]) == read_trust([SIGNER.vkey]) == trust
    (tmp_path / "binary").write_bytes(b"\xff")
    for argument in (f"@{tmp_path / 'none'}", f"@{tmp_path / 'binary'}", "", "@"):
        with pytest.raises(VerifierInputError):
            read_trust([argument])
