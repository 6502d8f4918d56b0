"""The log's other keys, its end and its successor: what verifies before and after, and what does not."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from audit.checkpoints.checkpoint import Checkpoint
from audit.checkpoints.last_signed import ForkRefusedError
from audit.checkpoints.note import parse_any_vkey
from audit.checkpoints.policy_file import parse_policy
from audit.checkpoints.signing import Checkpointer
from audit.checkpoints.trust import Trust
from audit.database import create_log_engine
from audit.entry_rows import Pending
from audit.errors import KeyFileError, NoteError
from audit.event import Event
from audit.events import Action
from audit.heads.state import write_state
from audit.lease import LeaseTakenError, choose_lease
from audit.log import Log, LogExistsError, LogFrozenError
from audit.reader import LogReader
from audit.record import seal
from audit.sequencer import hold_log
from audit.subjects.keyring import MemoryKeyRing
from console.doctor import examine
from console.errors import SettingsError
from console.installation import first_flags, migrate_all, stamp
from console.log_care import freeze_log, rotate_key, succeed_log
from console.services import Services, build
from console.settings import Settings, load_settings
from console.vouching import NOBODY, read_vouchers
from console.worker import LAST_SIGNED, ensure_log
from tests.console.conftest import START

pytestmark = pytest.mark.slow  # each log is begun, signed and held several times

DAY = 86_400_000_000
YEAR = START // 1_000_000 + 365 * 86_400


async def begin(services: Services) -> None:
    engine = services.log.engine
    await stamp(services)
    await ensure_log(choose_lease(engine, services.settings.data / "log.lock"), Log(engine), services)


async def grow(services: Services, number: int, now: int | None = None) -> Checkpoint:
    """Log some acts and sign them, as the worker does."""
    settings = services.settings
    engine = create_log_engine(settings.log_url)
    try:
        return await grow_with(services, engine, number, now)
    finally:
        await engine.dispose()


async def grow_with(services: Services, engine: AsyncEngine, number: int, now: int | None) -> Checkpoint:
    settings = services.settings
    log, lease = Log(engine), choose_lease(engine, settings.data / "log.lock")
    keys = await ensure_log(lease, log, services)
    async with hold_log(lease, log):
        for _ in range(number):
            act = seal(Event(action=Action.LOG_READ, actor=None), time=START, keys=MemoryKeyRing())
            await log.append([Pending(act, "outbox")])
        signs = Checkpointer(engine, log, keys, settings.data / LAST_SIGNED)
        signed = await signs.sign(services.clock() if now is None else now)
    assert signed is not None
    return signed


async def newest(services: Services) -> bytes:
    found = await services.log.latest_checkpoint()
    assert found is not None
    return found.note.encode()


def policy(services: Services) -> Trust:
    return parse_policy((services.settings.data / "keys" / "log.policy").read_text())


def vkey(services: Services) -> str:
    return (services.settings.data / "keys" / "log.vkey").read_text().strip()


def holds(trust: Trust, note: bytes) -> bool:
    return trust.check(note, now=YEAR).size > 0


async def test_a_rotation_is_an_entry_and_both_keys_sign_in_the_overlap(services: Services) -> None:
    await begin(services)
    await grow(services, 3)
    before, old = await newest(services), vkey(services)
    period = await rotate_key(services.settings, overlap_days=400, lost=False)
    after, new = await newest(services), vkey(services)
    assert (period.vkey, period.first) == (new, 5)
    (entry,) = await services.log.entries(range(4, 5))
    head = json.loads(entry.head)
    assert head["action"] == "log.rotate"
    assert head["flags"][:3] == ["from_index:4", f"former_vkey:{old}", f"vkey:{new}"]
    assert head["flags"][3].startswith("cosigner:")
    assert head["flags"][4].startswith("overlap_until:")
    for note in (before, after):
        assert holds(policy(services), note)
    for key in (old, new):
        assert holds(Trust.of_keys([key]), after)  # the overlap: whoever knows either, verifies
    assert holds(Trust.of_keys([old]), before)
    grown = await grow(services, 1)
    assert grown.size == 6
    assert holds(Trust.of_keys([old]), await newest(services))


async def test_after_the_overlap_the_old_key_signs_no_more(services: Services) -> None:
    await begin(services)
    await grow(services, 1)
    old = vkey(services)
    await rotate_key(services.settings, overlap_days=1, lost=False)
    await grow(services, 1, now=services.clock() + 400 * 365 * DAY)
    with pytest.raises(NoteError, match="not signed by the trusted key"):
        Trust.of_keys([old]).check(await newest(services), now=YEAR)
    assert holds(policy(services), await newest(services))


async def test_rotating_twice_keeps_every_range(services: Services) -> None:
    await begin(services)
    notes, keys = [], [vkey(services)]
    for _ in range(3):
        await grow(services, 2)
        notes.append(await newest(services))
        await rotate_key(services.settings, overlap_days=0, lost=False)
        keys.append(vkey(services))
    notes.append(await newest(services))
    trust = policy(services)
    assert all(holds(trust, note) for note in notes)
    ranges = [(one.first, one.last) for one in trust.logs if len(one.key.public) == 32]
    assert ranges == [(0, 3), (4, 6), (7, 9), (10, None)]
    assert [parse_any_vkey(key).public for key in keys] == [
        one.key.public for one in trust.logs if len(one.key.public) == 32
    ]
    assert len(trust.logs) == 8  # and as many of ML-DSA-44
    await ensure_log(
        choose_lease(services.log.engine, services.settings.data / "log.lock"),
        Log(services.log.engine),
        services,
    )


async def test_a_lost_key_is_replaced_without_its_signature(services: Services) -> None:
    await begin(services)
    await grow(services, 2)
    old, folder = vkey(services), services.settings.data / "keys"
    (folder / "log.key").unlink()
    with pytest.raises(KeyFileError, match="restore"):
        await rotate_key(services.settings, overlap_days=30, lost=False)
    assert not (folder / "log.key").exists()
    period = await rotate_key(services.settings, overlap_days=30, lost=True)
    note = await newest(services)
    assert period.vkey == vkey(services) != old
    assert holds(policy(services), note)
    with pytest.raises(NoteError, match="not signed by the trusted key"):
        Trust.of_keys([old]).check(note, now=YEAR)
    flags = json.loads((await services.log.entries(range(3, 4)))[0].head)["flags"]
    assert "former_key_lost" in flags


@pytest.mark.parametrize("done", [1, 2, 3])
async def test_an_interrupted_rotation_is_finished_at_the_next_start(
    services: Services, monkeypatch: pytest.MonkeyPatch, done: int
) -> None:
    await begin(services)
    await grow(services, 1)
    renames: list[Path] = []
    rename = Path.replace

    def dies(self: Path, target: Path) -> Path:
        if "log." in self.name and self.suffix == ".key":
            if len(renames) == done:
                raise KeyboardInterrupt
            renames.append(self)
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", dies)
    with pytest.raises(KeyboardInterrupt):
        await rotate_key(services.settings, overlap_days=30, lost=False)
    monkeypatch.undo()
    grown = await grow(services, 1)
    assert grown.size == 4
    assert holds(policy(services), await newest(services))


async def test_nothing_is_done_to_a_log_that_a_worker_holds(services: Services) -> None:
    await begin(services)
    lease = choose_lease(services.log.engine, services.settings.data / "log.lock")
    await lease.take()
    with pytest.raises(LeaseTakenError):
        await rotate_key(services.settings, overlap_days=30, lost=False)
    with pytest.raises(LeaseTakenError):
        await freeze_log(services.settings)
    await lease.release()
    assert await services.log.size() == 1


async def test_a_frozen_log_takes_nothing_more_and_says_so(services: Services) -> None:
    await begin(services)
    await grow(services, 2)
    last = await freeze_log(services.settings)
    assert last.size == 4
    assert json.loads((await services.log.entries(range(3, 4)))[0].head)["action"] == "log.freeze"
    assert holds(policy(services), await newest(services))
    for attempt in (grow(services, 1), begin(services), freeze_log(services.settings)):
        with pytest.raises(LogFrozenError, match=r"ended by its entry 3: .*guildhall audit succeed"):
            await attempt
    log = Log(services.log.engine)
    await log.take_epoch()
    act = seal(Event(action=Action.LOG_READ, actor=None), time=START, keys=MemoryKeyRing())
    with pytest.raises(LogFrozenError):
        await log.append([Pending(act, "outbox")])
    assert await services.log.size() == 4


async def successor(services: Services, former: str) -> tuple[Settings, Checkpoint]:
    old = services.settings
    settings = load_settings(
        data=old.data,
        audit={"origin": "localhost/guildhall/log2"},
        database={"log_url": f"sqlite+aiosqlite:///{old.data / 'log2.db'}"},
    )
    await migrate_all(settings)
    return settings, (await succeed_log(settings, former)).last


async def test_a_new_log_cites_the_last_checkpoint_of_the_frozen_one(services: Services) -> None:
    await begin(services)
    await grow(services, 2)
    last = await freeze_log(services.settings)
    settings, cited = await successor(services, services.settings.log_url)
    assert cited == last
    reader = LogReader(create_log_engine(settings.log_url))
    assert await first_flags(reader, "follows_origin:") == [last.origin]
    assert await first_flags(reader, "follows_size:") == ["4"]
    assert await first_flags(reader, "follows_lost:") == []
    later = build(settings)
    await begin(later)
    assert (await grow(later, 1)).origin == "localhost/guildhall/log2"
    assert holds(policy(later), await newest(later))
    with pytest.raises(LogExistsError):
        await succeed_log(settings, services.settings.log_url)
    with pytest.raises(SettingsError, match="needs a new name"):
        await succeed_log(services.settings, services.settings.log_url)
    await reader.engine.dispose()
    await later.close()


async def test_a_restored_backup_refuses_to_sign_and_its_way_out_is_a_new_log(services: Services) -> None:
    await begin(services)
    await grow(services, 1)
    database = services.settings.data / "log.db"
    async with services.log.engine.connect() as connection:
        await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    backup = database.read_bytes()
    last = await grow(services, 5)
    await services.log.engine.dispose()
    for name in ("log.db", "log.db-wal", "log.db-shm"):
        (services.settings.data / name).unlink(missing_ok=True)
    database.write_bytes(backup)
    with pytest.raises(ForkRefusedError, match="2 entries, but 7 were signed"):
        await grow(services, 0)
    assert "2 entries, but 7 were signed" in str(await troubles(services))
    with pytest.raises(ForkRefusedError):
        await freeze_log(services.settings)
    assert await services.log.size() == 2
    settings, cited = await successor(services, services.settings.log_url)
    assert cited == last
    reader = LogReader(create_log_engine(settings.log_url))
    assert await first_flags(reader, "follows_size:") == ["7"]
    assert await first_flags(reader, "follows_lost:") == ["5"]
    await reader.engine.dispose()


async def troubles(services: Services) -> Sequence[str | None]:
    return [one.trouble for one in await read_vouchers(services)]


async def test_doctor_is_red_in_production_without_a_keeper(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begin(services)
    assert await troubles(services) == []
    issuer = {"url": "https://id.example", "client_id": "guildhall", "client_secret": "x"}
    given = {"profile": "production", "data": services.settings.data, "sign_in": {"issuers": [issuer]}}
    found = {one.name: one for one in await examine(load_settings(**given))}
    assert (found["heads"].ok, found["heads"].sentence) == (False, NOBODY)
    heads = {"folder": services.settings.data / "worm"}
    found = {one.name: one for one in await examine(load_settings(**given, audit={"heads": heads}))}
    assert "heads" not in found


async def test_doctor_tells_of_a_witness_in_trouble_and_of_one_not_turned_to(services: Services) -> None:
    await begin(services)
    now, engine = services.clock(), services.log.engine
    await write_state(engine, "w1", "witness", now, size=4)
    await write_state(engine, "w2", "witness", now, trouble="The witness w2 is away.")
    await write_state(engine, "w3", "witness", now - 1_000_000_000, size=4)
    assert await troubles(services) == [
        None,
        "The witness w2 is away.",
        "The worker has not turned to it for 16 minutes.",
    ]
    found = {one.name: one for one in await examine(services.settings)}
    assert (found["w2"].ok, found["w2"].sentence) == (False, "The witness w2 is away.")
