"""Who remembers heads, and what the worker makes of it: a folder, an index, silence, a split view."""

import asyncio
import contextlib
import os
import threading
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from audit.checkpoints.last_signed import ForkRefusedError
from audit.checkpoints.signing import Checkpointer
from audit.checkpoints.trust import Trust
from audit.heads.directory import DirectoryKeeper
from audit.heads.indexed import ElasticsearchKeeper
from audit.heads.port import HeadKeeper, KeeperError, SplitViewError
from audit.heads.remembered import RememberedHeads
from audit.heads.state import read_states
from audit.sinks.elasticsearch import open_cluster
from tests.audit.log_store import START, Clock, Store, pending
from tests.audit.trust.notes import ORIGIN, a_checkpoint, log_key, signed
from tests.patience import PATIENCE

KEY = log_key(1)


def trust() -> Trust:
    return Trust.of_keys([KEY.vkey])


def note(size: int, root: int = 0, number: int = 1) -> str:
    return signed(a_checkpoint(size, bytes([root]) * 32), log_key(number)).decode()


def folders(folder: Path) -> list[Path]:
    return [one for one in folder.iterdir() if one.is_dir() and any(one.glob("*.note"))]


@pytest.fixture(params=["directory", pytest.param("elasticsearch", marks=pytest.mark.real)])
async def keeper(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[HeadKeeper]:
    if request.param == "directory":
        yield DirectoryKeeper(tmp_path, trust, Clock())
        return
    # The index is shared by all tests on this server; a name of its own keeps each apart.
    opened = ElasticsearchKeeper(
        open_cluster(request.getfixturevalue("elasticsearch_url")),
        f"{ORIGIN}/{tmp_path.name}/{uuid4()}",
        trust,
    )
    yield opened
    await opened.close()


async def test_the_largest_head_is_remembered(keeper: HeadKeeper) -> None:
    assert await keeper.read() is None
    for size in (5, 300, 300, 70):
        await keeper.remember(note(size))
    assert await keeper.read() == note(300)


async def test_two_checkpoints_of_one_size_are_a_split_view(keeper: HeadKeeper) -> None:
    await keeper.remember(note(5))
    with pytest.raises(SplitViewError, match="5 entries") as caught:
        await keeper.remember(note(5, root=7))
    assert caught.value.note == note(5)
    assert await keeper.read() == note(5)


async def test_what_the_log_did_not_sign_is_passed_over(tmp_path: Path) -> None:
    keeper = DirectoryKeeper(tmp_path, trust, Clock())
    await keeper.remember(note(5))
    (day,) = folders(tmp_path)
    (day / f"{9:020d}.note").write_text(note(9, number=2))
    (day / f"{8:020d}.note").write_text(note(8)[:-9])
    (day / f"{7:020d}.note").write_bytes(b"\xff")
    assert await keeper.read() == note(5)
    (tmp_path / "2999-01-01").mkdir()
    assert await keeper.read() == note(5)


async def test_a_clock_that_ran_ahead_hides_nothing(tmp_path: Path) -> None:
    clock = Clock()
    keeper = DirectoryKeeper(tmp_path, trust, clock)
    clock.now += 40 * 86_400_000_000
    await keeper.remember(note(5))
    clock.now -= 40 * 86_400_000_000
    await keeper.remember(note(300))
    assert await keeper.read() == note(300)


def settle(day: Path, hours: int) -> None:
    """Let a day's folder have been changed so long ago."""
    changed = day.stat().st_mtime_ns - hours * 3_600 * 1_000_000_000
    os.utime(day, ns=(changed, changed))


async def test_a_day_that_is_over_is_listed_once_and_again_when_it_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, listed = Clock(), list[str]()
    keeper = DirectoryKeeper(tmp_path, trust, clock)
    look = keeper._look

    def note_and_look(day: Path) -> tuple[int, str] | None:
        listed.append(day.name)
        return look(day)

    monkeypatch.setattr(keeper, "_look", note_and_look)
    for size in (5, 70, 300):
        await keeper.remember(note(size))
        clock.now += 86_400_000_000
    first, second, today = sorted(folders(tmp_path))
    settle(first, 48)
    settle(second, 24)
    assert [await keeper.read() for _ in range(3)] == [note(300)] * 3
    assert Counter(listed) == {first.name: 1, second.name: 1, today.name: 3}
    (first / f"{900:020d}.note").write_text(note(900))
    assert await keeper.read() == note(900)
    settle(first, 48)
    (first / f"{900:020d}.note").unlink()
    assert await keeper.read() == note(300)


async def test_a_look_that_was_given_up_goes_on_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, going_on = DirectoryKeeper(tmp_path, trust, Clock()), threading.Event()
    await keeper.remember(note(5))
    look = keeper._look
    monkeypatch.setattr(keeper, "_look", lambda day: (going_on.wait(PATIENCE), look(day))[1])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await keeper.read()
    with pytest.raises(KeeperError, match="still being read"):
        await keeper.read()
    going_on.set()
    async with asyncio.timeout(PATIENCE):
        while (found := await known(keeper)) is None:  # noqa: ASYNC110 - a thread tells nobody
            await asyncio.sleep(0.01)
    assert found == note(5)


async def known(keeper: HeadKeeper) -> str | None:
    """Return what a keeper says, None while it is still being read."""
    with contextlib.suppress(KeeperError):
        return await keeper.read()
    return None


async def test_a_folder_that_is_gone_is_an_outage_and_no_empty_memory(tmp_path: Path) -> None:
    keeper = DirectoryKeeper(tmp_path / "unmounted", trust, Clock())
    with pytest.raises(KeeperError, match="is not there"):
        await keeper.read()
    with pytest.raises(KeeperError, match="is not there"):
        await keeper.remember(note(5))


async def test_an_index_that_cannot_be_asked_is_an_outage() -> None:
    keeper = ElasticsearchKeeper(open_cluster("http://127.0.0.1:9", timeout=2), ORIGIN, trust)
    with pytest.raises(KeeperError, match="cannot be asked"):
        await keeper.read()
    await keeper.close()


class Silent:
    """Never answers, or fails, as told."""

    name, kind = "Silence", "directory"

    def __init__(self) -> None:
        self.fails = False

    async def read(self) -> str | None:
        if self.fails:
            raise KeeperError("Silence is broken.")
        await asyncio.Event().wait()
        return None

    async def remember(self, note: str) -> None:
        raise AssertionError(note)

    async def close(self) -> None: ...


async def test_nothing_is_known_until_one_keeper_answered(store: Store, tmp_path: Path) -> None:
    silent = Silent()
    heads = RememberedHeads([silent], store.engine, store.clock, patience=0.01)
    assert heads.known() is None
    await heads.run_once()
    assert heads.known() is None
    (state,) = await read_states(store.engine)
    assert state.trouble == "Silence did not answer within 0 seconds."
    silent.fails = True
    await heads.run_once()
    assert heads.known() is None
    answering = DirectoryKeeper(tmp_path, trust, store.clock)
    heads = RememberedHeads([silent, answering], store.engine, store.clock, patience=PATIENCE)
    await heads.run_once()
    assert heads.known() == []
    troubles = {state.name: state.trouble for state in await read_states(store.engine)}
    assert troubles == {"Silence": "Silence is broken.", answering.name: None}
    assert RememberedHeads([], store.engine, store.clock).known() == []


async def test_a_restored_database_is_refused_by_a_folder_alone(store: Store, tmp_path: Path) -> None:
    log = await store.begin()
    believed = Trust.of_keys([store.signer.vkey])
    keeper = DirectoryKeeper(tmp_path, lambda: believed, store.clock)
    heads = RememberedHeads([keeper], store.engine, store.clock)
    await heads.run_once()
    await log.append(pending(4))
    await Checkpointer(store.engine, log, store.signer, heads=heads).sign(START)
    await heads.run_once()
    assert len(folders(tmp_path)) == 1
    folder = store.folder / "restored"
    folder.mkdir()
    restored = await Store.open(folder)
    restored.signer = store.signer
    log = await restored.begin()
    heads = RememberedHeads([keeper], restored.engine, store.clock)
    await heads.run_once()
    with pytest.raises(ForkRefusedError, match="1 entries, but 5 were signed"):
        await Checkpointer(restored.engine, log, store.signer, heads=heads).sign(START)
    await log.append(pending(4))
    with pytest.raises(ForkRefusedError, match="not the ones that were signed"):
        await Checkpointer(restored.engine, log, store.signer, heads=heads).sign(START)
    await restored.close()


async def test_a_split_view_alarms_and_stops_the_signing(store: Store, tmp_path: Path) -> None:
    log = await store.begin()
    believed = Trust.of_keys([store.signer.vkey])
    keeper = DirectoryKeeper(tmp_path, lambda: believed, store.clock)
    heads = RememberedHeads([keeper], store.engine, store.clock)
    await heads.run_once()
    signs = Checkpointer(store.engine, log, store.signer, heads=heads)
    fresh = await signs.sign(START)
    assert fresh is not None
    other = signed(type(fresh)(fresh.origin, fresh.size, bytes(32)), store.signer).decode()
    await keeper.remember(other)
    await heads.run_once()
    (state,) = await read_states(store.engine)
    assert state.trouble is not None
    assert "somebody signs a second history" in state.trouble
    await log.append(pending(1))
    with pytest.raises(ForkRefusedError):
        await signs.sign(START)
