"""An administrator of the database changes what is stored, with or without the log's key."""

from audit.checkpoints.checkpoint import FileSigner
from audit.models import checkpoint, entry, published
from audit.tree.merkle import leaf_hash
from tests.audit.exports import grow
from tests.audit.log_store import ORIGIN
from tests.audit.tamper.scene import SIZE, Scene, ship
from tests.audit.tamper.table import case, other

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


@case("FCWES")
async def a_row_deleted(scene: Scene) -> None:
    await scene.alter("DELETE FROM entry WHERE [index] = 400")


@case("S")
async def a_body_deleted(scene: Scene) -> None:
    await scene.alter("DELETE FROM body WHERE [index] = 400")


@case("FCWS")
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


@case("FCWS")
async def the_published_checkpoint(scene: Scene) -> None:
    await scene.alter(EDIT_NOTE.format("published"))


@case("S")
async def a_stored_checkpoint(scene: Scene) -> None:
    await scene.alter(EDIT_NOTE.format("checkpoint"))


@case("FCWES")
async def the_database_written_anew_without_the_key(scene: Scene) -> None:
    heads = [other(head) for head in await scene.heads()]
    thief = FileSigner.load_or_create(scene.store.folder / "thief.key", ORIGIN)
    await scene.rewrite(heads, thief, host=False)


@case("CWE")
async def everything_written_anew_with_the_stolen_key(scene: Scene) -> None:
    heads = await scene.heads()
    heads[100] = other(heads[100])
    await scene.rewrite(heads, scene.store.signer)
    await rename_columns(scene)


@case("CWE")
async def the_end_cut_off_and_signed_with_the_stolen_key(scene: Scene) -> None:
    await scene.rewrite((await scene.heads())[:600], scene.store.signer)


@case("CWES")
async def the_end_cut_off_and_signed_without_the_file_beside_it(scene: Scene) -> None:
    await scene.rewrite((await scene.heads())[:600], scene.store.signer, host=False)


@case("CWES")
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


@case("")
async def clocks_that_jump(scene: Scene) -> None:
    """The order is that of the indexes: an hour back and an hour on changes no proof."""
    log = scene.store.log()
    await log.take_epoch()
    for seconds in (-3_600, 7_200, -3_600, 1):
        scene.store.clock.pass_seconds(seconds)
        await grow(scene.store, log, 3, remembers=True)
    await ship(scene.store, SIZE, scene.fake)


async def rename_columns(scene: Scene) -> None:
    """Who rewrites everything also keeps the columns in step."""
    await scene.alter("UPDATE entry SET outcome = 'failure' WHERE [index] = 100")
