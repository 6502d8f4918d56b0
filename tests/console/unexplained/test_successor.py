"""After a log was ended and succeeded by the real commands, what its acts explained is explained."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from audit.custody.holds import active_holds, count_releases
from audit.database import for_writing
from audit.head import Head
from audit.models import drop_append_only_ddl, entry
from console.services import build
from console.settings import Settings, load_settings
from console.unexplained.watch import Watch
from policy.models import Grant
from tests.console.unexplained.conftest import Place, a_hold
from tests.console.unexplained.test_unexplained import rows

pytestmark = pytest.mark.slow

GUILDHALL = Path(sys.executable).with_name("guildhall")
ORIGIN = "localhost/guildhall/log2"


def guildhall(settings: Settings, *words: str, **given: str) -> subprocess.CompletedProcess[str]:
    """Run a command on the host, of the installation in the settings."""
    told = {"GUILDHALL_DATA": str(settings.data), "GUILDHALL_DATABASE__LOG_URL": settings.log_url}
    if settings.database.url is not None:
        told["GUILDHALL_DATABASE__URL"] = settings.main_url
    command = [str(GUILDHALL), *words]
    return subprocess.run(
        command, cwd=settings.data, env=os.environ | told | given, capture_output=True, text=True, check=False
    )


def succeed(place: Place) -> tuple[Settings, subprocess.CompletedProcess[str]]:
    """End the log and begin another, as docs/how-to/change-or-end-the-log.md says."""
    settings = place.services.settings
    log_url = f"sqlite+aiosqlite:///{settings.data / 'log-2.db'}"
    new = {"GUILDHALL_AUDIT__ORIGIN": ORIGIN, "GUILDHALL_DATABASE__LOG_URL": log_url}
    ended = guildhall(settings, "audit", "freeze", "--yes")
    assert ended.returncode == 0, ended.stderr
    assert guildhall(settings, "db", "upgrade", **new).returncode == 0
    done = guildhall(settings, "audit", "succeed", "--former", settings.log_url, **new)
    assert done.returncode == 0, done.stderr
    given = {} if settings.database.url is None else {"url": settings.main_url}
    database = given | {"log_url": log_url}
    return load_settings(data=settings.data, audit={"origin": ORIGIN}, database=database), done


def later(place: Place, settings: Settings) -> Place:
    """The same installation under its new log."""
    services = build(settings, place.services.clock)
    return Place(services, place.people, place.route, Watch(services))


async def test_rows_and_ends_of_holds_stay_explained_under_the_log_that_follows(place: Place) -> None:
    await place.grant()
    hold = await a_hold(place)
    await place.drain()
    settings, done = succeed(place)
    assert "states again what" in done.stdout
    after = later(place, settings)
    try:
        assert await after.look() == 0
        await after.drain()
        assert await Watch(after.services).look() == 0
        (carried,) = await after.services.log.entries(range(1, 2))
        head = Head.parse(carried.head)
        assert (head.action, head.state is not None) == ("log.carry", True)
        former = await place.services.log.entry_by_id(head.id)
        assert former is not None
        assert head.flags == (f"former_index:{former.index}", f"former_leaf:{former.leaf.hex()}")
        assert Head.parse(former.head).state == head.state
        await after.do(rows(Grant).update().values(permission="model.read"))
        assert await after.look() == 1, "and what nobody did is told as before"
        async with after.services.database.read() as session:
            now = after.services.clock()
            assert {one.id for one in await active_holds(session, after.services.log, now)} == {hold.id}
            assert await count_releases(session, after.services.log, now) == 0
    finally:
        await after.services.close()


async def test_nothing_is_carried_over_from_a_log_that_is_not_what_it_signed(place: Place) -> None:
    await place.grant()
    await place.drain()
    engine = place.services.log.engine
    async with for_writing(engine).begin() as connection:
        for statement in drop_append_only_ddl("entry", engine.dialect.name):
            await connection.execute(sa.text(statement))
        first = (await connection.execute(sa.select(entry.c.head).where(entry.c.index == 1))).scalar_one()
        head = bytes(first).replace(b'"outcome":"success"', b'"outcome":"unknown"')
        await connection.execute(entry.update().where(entry.c.index == 1).values(head=head))
    settings, done = succeed(place)
    assert "Nothing was carried over" in done.stderr
    after = later(place, settings)
    try:
        assert await after.look() > 0, "what the altered log explained counts as absent"
    finally:
        await after.services.close()
