"""The same entries make the same log, byte for byte, in another project's implementation."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from pymerkle import InmemoryTree

from audit.checkpoints.checkpoint import FileSigner, verify_checkpoint
from audit.reader import LogReader
from audit.tree import merkle
from tests.audit.exports import export, files, grow, heads
from tests.audit.log_store import ORIGIN, Store
from tests.real.strangers import Tessera

pytestmark = pytest.mark.real


@pytest.mark.parametrize("size", [1, 255, 256, 257, 700, 70_000])
async def test_tiles_bundles_and_root_are_those_of_tessera(
    store: Store, tmp_path: Path, go_tessera: Tessera, size: int
) -> None:
    store.signer = FileSigner.load_or_create(tmp_path / "log.key", ORIGIN)
    await grow(store, await store.begin(), size - 1)
    ours = files(await export(store, tmp_path / "ours"))
    entries = write_entries(tmp_path / "entries", await heads(store))
    go_tessera.make_log(tmp_path / "theirs", entries, (tmp_path / "log.key").read_text())
    theirs = files(tmp_path / "theirs")
    tree = {name for name in ours if name.startswith("tile/")}
    assert len(tree) >= 2 * -(-size // 256)
    assert [name for name in sorted(tree) if ours[name] != theirs.get(name)] == []
    # Tessera took the entries in batches, and leaves the partial tiles of sizes in between.
    between = {name for name in theirs if name.startswith("tile/")} - tree
    assert [name for name in between if not theirs_is_outgrown(name, theirs[name], ours)] == []
    # One key signed both: Tessera's checkpoint holds under our verifier and says the same.
    signed = verify_checkpoint(theirs["checkpoint"], store.signer.vkey)
    assert signed == verify_checkpoint(ours["checkpoint"], store.signer.vkey)
    assert signed.size == size


async def test_roots_of_every_size_are_those_of_pymerkle(store: Store) -> None:
    await grow(store, await store.begin(), 299)
    tree, leaves = InmemoryTree(algorithm="sha256"), []
    for head in await heads(store):
        tree.append_entry(head)
        leaves.append(merkle.leaf_hash(head))
    assert [merkle.root(leaves[:size]) for size in range(1, 301)] == [
        tree.get_root(size) for size in range(1, 301)
    ]
    signed = await LogReader(store.engine).latest_checkpoint()
    assert signed is not None
    assert verify_checkpoint(signed.note.encode(), store.signer.vkey).root == tree.get_root()


def write_entries(folder: Path, entries: Sequence[bytes]) -> Path:
    folder.mkdir()
    for index, head in enumerate(entries):
        (folder / f"{index:08d}").write_bytes(head)
    return folder


def theirs_is_outgrown(name: str, data: bytes, ours: Mapping[str, bytes]) -> bool:
    """Whether a partial file is the beginning of a longer one of ours."""
    place, partial, _ = name.partition(".p/")
    longer = [ours[other] for other in ours if other.partition(".p/")[0] == place]
    return bool(partial) and any(one.startswith(data) for one in longer)
