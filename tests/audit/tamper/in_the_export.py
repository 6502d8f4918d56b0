"""The files that an auditor is given are not the ones that were exported."""

import base64
import shutil
from collections.abc import Callable
from pathlib import Path

from audit.checkpoints.checkpoint import FileSigner
from audit.tree import tiles
from tests.audit.log_store import ORIGIN
from tests.audit.tamper.scene import Scene
from tests.audit.tamper.table import case, other
from tests.audit.test_verify import write_log

BUNDLES = ("tile/entries/000", "tile/entries/001", "tile/entries/002.p/188")


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 4
    path.write_bytes(data)


def rearrange(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """Change the entries of a bundle."""
    path.write_bytes(tiles.encode_bundle(change(tiles.decode_bundle(path.read_bytes()))))


@case("")
async def nothing(scene: Scene) -> None:
    await scene.take_away()


@case("F")
async def one_bit_of_an_entry(scene: Scene) -> None:
    flip(await scene.take_away() / BUNDLES[0], 100)


@case("F")
async def one_bit_of_a_tile(scene: Scene) -> None:
    flip(await scene.take_away() / "tile/0/000", 100)


@case("FC")
async def one_bit_of_a_tile_on_the_way_to_the_root(scene: Scene) -> None:
    flip(await scene.take_away() / "tile/1/000.p/2", 10)


@case("F")
async def an_entry_taken_out(scene: Scene) -> None:
    rearrange(await scene.take_away() / BUNDLES[1], lambda found: found[:7] + found[8:])


@case("F")
async def a_bundle_taken_out(scene: Scene) -> None:
    (await scene.take_away() / BUNDLES[1]).unlink()


@case("F")
async def two_entries_swapped(scene: Scene) -> None:
    rearrange(await scene.take_away() / BUNDLES[1], lambda found: [found[1], found[0], *found[2:]])


@case("F")
async def two_bundles_swapped(scene: Scene) -> None:
    folder = await scene.take_away()
    first, second = (folder / name for name in BUNDLES[:2])
    data = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(data)


@case("F")
async def an_entry_put_in_between(scene: Scene) -> None:
    rearrange(await scene.take_away() / BUNDLES[2], lambda found: [*found[:9], other(found[9]), *found[9:]])


@case("F")
async def an_entry_twice(scene: Scene) -> None:
    rearrange(await scene.take_away() / BUNDLES[1], lambda found: [*found[:8], *found[7:-1]])


@case("FCW")
async def the_size_in_the_checkpoint(scene: Scene) -> None:
    path = await scene.take_away() / "checkpoint"
    path.write_bytes(path.read_bytes().replace(b"\n700\n", b"\n512\n"))


@case("FCW")
async def the_root_in_the_checkpoint(scene: Scene) -> None:
    path = await scene.take_away() / "checkpoint"
    lines = path.read_bytes().split(b"\n")
    lines[2] = base64.b64encode(bytes(32))
    path.write_bytes(b"\n".join(lines))


@case("FCW")
async def all_written_anew_without_the_key(scene: Scene) -> None:
    heads = [other(head) for head in await scene.heads()]
    await scene.take_away()
    shutil.rmtree(scene.copy)
    write_log(scene.copy, heads, FileSigner.load_or_create(scene.store.folder / "thief.key", ORIGIN))


@case("CW")
async def a_split_view_signed_with_the_stolen_key(scene: Scene) -> None:
    heads = await scene.heads()
    heads[500] = other(heads[500])
    await scene.take_away()
    shutil.rmtree(scene.copy)
    write_log(scene.copy, heads, scene.store.signer)
