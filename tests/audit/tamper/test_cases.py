"""Each way to tamper by name, and who must notice: exactly those do.

F: the offline verifier · C: an auditor who kept checkpoints · E: the deep comparison with Elasticsearch ·
S: the worker when it starts.
"""

import base64
import json
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from audit import tiles
from audit.checkpoint import FileSigner
from audit.merkle import leaf_hash
from audit.models import checkpoint, entry, published
from tests.audit.exports import grow
from tests.audit.log_store import ORIGIN
from tests.audit.sinks.entries import make_entry
from tests.audit.tamper.scene import SIZE, Scene, ship
from tests.audit.test_verify import write_log

pytestmark = pytest.mark.slow

EDIT_NOTE = "UPDATE {} SET note = replace(note, char(10) || '700' || char(10), char(10) || '512' || char(10))"
HEAD_EDIT = """
UPDATE entry SET head = CAST(replace(CAST(head AS TEXT), 'success', 'succesS') AS BLOB) WHERE [index] = 400
"""
BODY_EDIT = """
UPDATE body SET parts = CAST(replace(CAST(parts AS TEXT), 'call', 'cell') AS BLOB) WHERE [index] = 4
"""
ONE_MORE = """
INSERT INTO entry SELECT 700, zeroblob(16), time, action, outcome, actor, resource_type, resource_id, request,
grant_id, decision, 'nobody', number, retention, head, leaf FROM entry WHERE [index] = 1
"""

Change = Callable[[Scene], Awaitable[None]]
BUNDLES = ("tile/entries/000", "tile/entries/001", "tile/entries/002.p/188")


@dataclass(frozen=True)
class Case:
    """One way to tamper, and the letters of those who must notice."""

    change: Change
    noticed_by: str


CASES: dict[str, Case] = {}


def case(noticed_by: str) -> Callable[[Change], Change]:
    """Enter a way to tamper into the table, under its function's name."""

    def enter(change: Change) -> Change:
        CASES[change.__name__] = Case(change, noticed_by)
        return change

    return enter


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 4
    path.write_bytes(data)


def rearrange(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """Change the entries of a bundle."""
    path.write_bytes(tiles.encode_bundle(change(tiles.decode_bundle(path.read_bytes()))))


def other(head: bytes) -> bytes:
    """The same entry, telling something else."""
    return head.replace(b'"success"', b'"failure"')


# --- the files that an auditor is given


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


@case("FC")
async def the_size_in_the_checkpoint(scene: Scene) -> None:
    path = await scene.take_away() / "checkpoint"
    path.write_bytes(path.read_bytes().replace(b"\n700\n", b"\n512\n"))


@case("FC")
async def the_root_in_the_checkpoint(scene: Scene) -> None:
    path = await scene.take_away() / "checkpoint"
    lines = path.read_bytes().split(b"\n")
    lines[2] = base64.b64encode(bytes(32))
    path.write_bytes(b"\n".join(lines))


@case("FC")
async def all_written_anew_without_the_key(scene: Scene) -> None:
    heads = [other(head) for head in await scene.heads()]
    await scene.take_away()
    shutil.rmtree(scene.copy)
    write_log(scene.copy, heads, FileSigner.load_or_create(scene.store.folder / "thief.key", ORIGIN))


@case("C")
async def a_split_view_signed_with_the_stolen_key(scene: Scene) -> None:
    heads = await scene.heads()
    heads[500] = other(heads[500])
    await scene.take_away()
    shutil.rmtree(scene.copy)
    write_log(scene.copy, heads, scene.store.signer)


# --- the database


@case("FS")
async def one_bit_of_a_stored_head(scene: Scene) -> None:
    await scene.alter(HEAD_EDIT)


@case("S")
async def a_column_beside_a_head(scene: Scene) -> None:
    await scene.alter("UPDATE entry SET outcome = 'denied' WHERE [index] = 400")


@case("S")
async def one_bit_of_a_stored_body(scene: Scene) -> None:
    await scene.alter(BODY_EDIT)


@case("FS")
async def a_stored_tile(scene: Scene) -> None:
    await scene.alter("UPDATE tile SET hashes = zeroblob(8192) WHERE level = 0 AND number = 0")


@case("FCES")
async def a_row_deleted(scene: Scene) -> None:
    await scene.alter("DELETE FROM entry WHERE [index] = 400")


@case("S")
async def a_body_deleted(scene: Scene) -> None:
    await scene.alter("DELETE FROM body WHERE [index] = 400")


@case("FCS")
async def a_tile_deleted(scene: Scene) -> None:
    await scene.alter("DELETE FROM tile WHERE level = 0 AND number = 0")


@case("FES")
async def two_rows_swapped(scene: Scene) -> None:
    await scene.alter(
        "UPDATE entry SET [index] = -1 WHERE [index] = 400",
        "UPDATE entry SET [index] = 400 WHERE [index] = 401",
        "UPDATE entry SET [index] = 401 WHERE [index] = -1",
    )


@case("S")
async def a_row_put_in_behind_the_end(scene: Scene) -> None:
    await scene.alter(ONE_MORE)


@case("S")
async def the_frontier(scene: Scene) -> None:
    await scene.alter("UPDATE log_head SET frontier = zeroblob(length(frontier))")


@case("FCS")
async def the_published_checkpoint(scene: Scene) -> None:
    await scene.alter(EDIT_NOTE.format("published"))


@case("S")
async def a_stored_checkpoint(scene: Scene) -> None:
    await scene.alter(EDIT_NOTE.format("checkpoint"))


@case("FCES")
async def the_database_written_anew_without_the_key(scene: Scene) -> None:
    heads = [other(head) for head in await scene.heads()]
    thief = FileSigner.load_or_create(scene.store.folder / "thief.key", ORIGIN)
    await scene.rewrite(heads, thief, host=False)


@case("CE")
async def everything_written_anew_with_the_stolen_key(scene: Scene) -> None:
    heads = await scene.heads()
    heads[100] = other(heads[100])
    await scene.rewrite(heads, scene.store.signer)
    await rename_columns(scene)


@case("CE")
async def the_end_cut_off_and_signed_with_the_stolen_key(scene: Scene) -> None:
    await scene.rewrite((await scene.heads())[:600], scene.store.signer)


@case("CES")
async def the_end_cut_off_and_signed_without_the_file_beside_it(scene: Scene) -> None:
    await scene.rewrite((await scene.heads())[:600], scene.store.signer, host=False)


@case("CES")
async def an_older_state_restored(scene: Scene) -> None:
    """It was validly signed, so it verifies: only who remembers more can tell."""
    note = (scene.store.folder / "kept-300").read_text()
    await scene.rewrite((await scene.heads())[:300], scene.store.signer, host=False)
    async with scene.store.engine.begin() as connection:
        for table in (checkpoint, published):
            await connection.execute(table.update().values(note=note))


@case("FES")
async def a_row_changed_before_it_was_shipped(scene: Scene) -> None:
    for key in [key for key, one in scene.fake.documents.items() if one["event"]["sequence"] >= 400]:
        del scene.fake.documents[key]
    heads = await scene.heads()
    await scene.alter()
    async with scene.store.engine.begin() as connection:
        changed = other(heads[400])
        update = entry.update().where(entry.c.index == 400)
        await connection.execute(update.values(head=changed, leaf=leaf_hash(changed)))
    await ship(scene.store, 400, scene.fake)


@case("")
async def a_vacuum(scene: Scene) -> None:
    async with scene.store.engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        await driver.execute("VACUUM")


# --- the copies in Elasticsearch


def document(scene: Scene, index: int) -> tuple[str, str]:
    (key,) = [key for key, one in scene.fake.documents.items() if one["event"]["sequence"] == index]
    return key


@case("E")
async def a_document_changed(scene: Scene) -> None:
    scene.fake.documents[document(scene, 400)]["event"]["outcome"] = "failure"


@case("E")
async def a_document_and_its_original_changed(scene: Scene) -> None:
    found = scene.fake.documents[document(scene, 400)]
    changed = json.loads(json.dumps(found).replace("success", "failure"))
    scene.fake.documents[document(scene, 400)] = changed


@case("E")
async def a_document_deleted(scene: Scene) -> None:
    del scene.fake.documents[document(scene, 400)]


@case("E")
async def a_document_added(scene: Scene) -> None:
    index, _ = document(scene, 400)
    scene.fake.documents[index, "forged"] = scene.fake.documents[document(scene, 400)]


@case("E")
async def an_index_deleted(scene: Scene) -> None:
    scene.fake.documents.clear()


@case("E")
async def a_snapshot_restored(scene: Scene) -> None:
    for key in [key for key, one in scene.fake.documents.items() if one["event"]["sequence"] >= 300]:
        del scene.fake.documents[key]


# --- clocks


@case("")
async def clocks_that_jump(scene: Scene) -> None:
    """The order is that of the indexes: an hour back and an hour on changes no proof."""
    log = scene.store.log()
    await log.take_epoch()
    for seconds in (-3_600, 7_200, -3_600, 1):
        scene.store.clock.pass_seconds(seconds)
        await grow(scene.store, log, 3, remembers=True)
    await ship(scene.store, SIZE, scene.fake)


@pytest.mark.parametrize("name", CASES)
async def test_exactly_those_notice_who_must(scene: Scene, name: str) -> None:
    await CASES[name].change(scene)
    assert await scene.noticed_by() == set(CASES[name].noticed_by)


async def test_a_document_that_was_there_before_under_our_id_is_told_apart(scene: Scene) -> None:
    forged = make_entry(SIZE)
    assert (await scene.sink.deliver([forged])).tampered == ()
    genuine = make_entry(SIZE, variant=1)
    assert (await scene.sink.deliver([genuine])).tampered == (SIZE,)


def test_every_case_is_in_the_table(template: object) -> None:
    assert len(CASES) >= 38
    assert {letter for one in CASES.values() for letter in one.noticed_by} == set("FCES")


async def rename_columns(scene: Scene) -> None:
    """Who rewrites everything also keeps the columns in step."""
    await scene.alter("UPDATE entry SET outcome = 'failure' WHERE [index] = 100")
