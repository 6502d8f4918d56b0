"""Who keeps receipts of erasures off this host: a folder, an index; each only ever creates."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from audit.heads.port import KeeperError
from audit.heads.receipts import ReceiptFolder, ReceiptIndex, ReceiptKeeper
from audit.sinks.elasticsearch import open_cluster
from tests.audit.trust.notes import ORIGIN

EVENTS = [UUID(int=number) for number in range(1_200)]


@pytest.fixture(params=["folder", pytest.param("index", marks=pytest.mark.real)])
async def keeper(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ReceiptKeeper]:
    # The index is shared by all tests on this server; a name of its own keeps each apart.
    origin = f"{ORIGIN}/{tmp_path.name}/{uuid4()}"
    if request.param == "folder":
        yield ReceiptFolder(tmp_path, origin)
        return
    opened = ReceiptIndex(open_cluster(request.getfixturevalue("elasticsearch_url")), origin)
    yield opened
    await opened.close()


def receipt(event: UUID) -> bytes:
    return f"receipt of {event}\n\n— a signature begins so\n".encode()


def cut_short(folder: Path) -> None:
    (path,) = folder.rglob("*.tlog-proof")
    path.write_bytes(b"rec")


async def test_what_is_kept_comes_back_and_once(keeper: ReceiptKeeper) -> None:
    assert list(await keeper.receipts()) == []
    for event in (EVENTS[1], EVENTS[2], EVENTS[1]):
        await keeper.keep(event, receipt(event))
    assert sorted(await keeper.receipts()) == [receipt(EVENTS[1]), receipt(EVENTS[2])]


async def test_something_else_under_its_event_is_not_in_its_way(keeper: ReceiptKeeper) -> None:
    for text in (b"forged", b"forged too", receipt(EVENTS[1])):
        await keeper.keep(EVENTS[1], text)
    assert sorted(await keeper.receipts()) == [b"forged", b"forged too", receipt(EVENTS[1])]


@pytest.mark.parametrize("keeper", [pytest.param("index", marks=pytest.mark.real)], indirect=True)
async def test_more_than_a_page_of_them_is_read(keeper: ReceiptKeeper) -> None:
    for event in EVENTS[:3]:
        for number in range(400):
            await keeper.keep(event, f"{number}".encode())
    assert len(await keeper.receipts()) == 1_200


async def test_another_log_has_its_own(tmp_path: Path) -> None:
    await ReceiptFolder(tmp_path, "one").keep(EVENTS[0], b"1")
    assert list(await ReceiptFolder(tmp_path, "other").receipts()) == []
    assert list(await ReceiptFolder(tmp_path, "one").receipts()) == [b"1"]


async def test_a_file_cut_short_by_a_crash_is_not_in_the_way(tmp_path: Path) -> None:
    folder = ReceiptFolder(tmp_path, ORIGIN)
    await folder.keep(EVENTS[0], receipt(EVENTS[0]))
    cut_short(tmp_path)
    await folder.keep(EVENTS[0], receipt(EVENTS[0]))
    assert sorted(await folder.receipts()) == [b"rec", receipt(EVENTS[0])]


async def test_who_is_away_is_an_outage_and_no_empty_memory(tmp_path: Path) -> None:
    cluster = ReceiptIndex(open_cluster("http://127.0.0.1:9", timeout=2), ORIGIN)
    for away in (ReceiptFolder(tmp_path / "unmounted", ORIGIN), cluster):
        with pytest.raises(KeeperError):
            await away.receipts()
        with pytest.raises(KeeperError):
            await away.keep(EVENTS[0], b"1")
        await away.close()
