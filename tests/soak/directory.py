"""A real Keycloak with 28,000 people: the first sync, who leaves while it runs, and a look without news."""

import asyncio
import logging
import os
import tempfile
import time
from pathlib import Path

from keycloak import KeycloakAdmin, KeycloakOpenIDConnection
from sqlmodel import col, select

from console import runtime
from console.directory.applying import apply_plan
from console.directory.comparing import compare, read_known
from console.directory.keeping import directory_work
from console.directory.loop import DirectoryLoop
from console.installation import migrate_all, stamp
from console.services import Services, build
from console.settings import load_settings
from sso.keycloak.connection import open_directory
from sso.keycloak.reading import read_some
from sso.models import DirectoryRun, Identity, MappingRule, Person, PersonState, RuleRole, Team
from tests.bench.result import ROOT, Result, Row
from tests.console.directory.realm import Realm
from tests.real.big_realm import big_realm, group_path, subject
from tests.real.keycloak_server import KeycloakServer

PEOPLE = int(os.environ.get("PEOPLE", "28000"))
TEAMS = int(os.environ.get("TEAMS", "1500"))
MEMBERSHIPS = int(os.environ.get("MEMBERSHIPS", "60000"))
IMPORT_SECONDS = 3_600
FILL_SECONDS = float(os.environ.get("FILL_SECONDS", "86400"))
"""When to stop filling: a machine too slow for all of it measures what has come, and its rows say so."""
AT_ONCE = 1_000
LEAVERS = 10
BETWEEN = 4.0
"""Seconds from one who leaves during the first sync to the next."""
STEP = 0.05


def measure() -> Result:
    """Return the seconds of the first sync, of a turn without news, and whether everything came."""
    folder, server = ROOT / "var" / "bench", KeycloakServer()
    folder.mkdir(parents=True, exist_ok=True)
    logging.disable(logging.WARNING)
    server.start()
    try:
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            return runtime.run(_measured(server, Path(scratch)))
    finally:
        server.close()


async def _measured(server: KeycloakServer, scratch: Path) -> Result:
    realm = Realm(server, "big", scratch / "secrets")
    came = await _fill(server)
    return await measure_filled(realm, scratch, came)


async def measure_filled(realm: Realm, scratch: Path, came: tuple[int, int]) -> Result:
    """Measure on a realm that holds as many people and memberships as `came` says."""
    await realm.set_up()
    services = build(load_settings(data=scratch / "var"))
    try:
        await migrate_all(services.settings)
        await stamp(services)
        await _add_rules(services, realm)
        return await _turns(services, realm, came)
    finally:
        await services.close()


async def _turns(services: Services, realm: Realm, came: tuple[int, int]) -> Result:
    loop = DirectoryLoop(services, realm.settings)
    first, cuts = await _first(services, realm, loop)
    # What the first turn itself did there is seen by the second; the third has nothing to see.
    await loop.turn()
    unchanged = await _timed(loop)
    await loop.close()
    async with services.database.read() as session:
        (run,) = (await session.exec(select(DirectoryRun))).all()
    size = f"{came[0]} of {PEOPLE} people"
    return Result(
        "directory",
        [
            Row(f"first sync, {size}", first, "s", [first], floor=180, lower_is_better=True),
            Row(
                f"longest until out, of {len(cuts)} disabled during it",
                max(cuts, default=0.0),
                "s",
                cuts,
                floor=5,
                lower_is_better=True,
            ),
            Row(
                f"unchanged by the cursor, {size}", unchanged, "s", [unchanged], floor=5, lower_is_better=True
            ),
            Row("people that came", run.people, "people", [run.people], floor=PEOPLE),
            Row("memberships read", run.memberships, "memberships", [run.memberships], floor=MEMBERSHIPS),
        ],
    )


async def _first(services: Services, realm: Realm, loop: DirectoryLoop) -> tuple[float, list[float]]:
    """Return the seconds of the first sync, and until each was out who was disabled meanwhile."""
    leavers, cuts = [subject(realm.name, place) for place in range(LEAVERS)], []
    async with realm.admin() as admin:
        await _bring(services, realm, leavers)
        turn = asyncio.ensure_future(_timed(loop))
        for leaver in leavers:
            ended, _ = await asyncio.wait({turn}, timeout=BETWEEN)
            if ended:
                break
            await admin.a_update_user(leaver, {"enabled": False})
            cuts.append(await _until_out(services, leaver))
        return await turn, cuts


async def _bring(services: Services, realm: Realm, subjects: list[str]) -> None:
    """Let a few people be here before, as if they had signed in."""
    known = await read_known(services, realm.settings, frozenset(subjects))
    async with open_directory(realm.settings) as admin:
        found = await read_some(admin, realm.settings, subjects)
    await apply_plan(directory_work(services), compare(realm.settings, found, known))


async def _until_out(services: Services, leaver: str) -> float:
    began = time.monotonic()
    of = select(Person.state).join(Identity, col(Identity.person_id) == col(Person.id))
    while True:
        async with services.database.read() as session:
            state = (await session.exec(of.where(Identity.subject == leaver))).one()
        if state is PersonState.DISABLED:
            return round(time.monotonic() - began, 2)
        await asyncio.sleep(STEP)


async def _timed(loop: DirectoryLoop) -> float:
    began = time.monotonic()
    await loop.turn()
    return round(time.monotonic() - began, 2)


async def _fill(server: KeycloakServer) -> tuple[int, int]:
    """Make the realm, then its people by the thousand: one transaction for all is ended by Keycloak.

    Returns:
        How many people and memberships it holds.
    """
    began, came = time.monotonic(), 0
    document = big_realm("big", PEOPLE, TEAMS, MEMBERSHIPS)
    people = document.pop("users")
    connection = KeycloakOpenIDConnection(
        server_url=f"{server.url}/",
        username=server.admin_name,
        password=server.admin_password,
        realm_name="master",
        client_id="admin-cli",
        timeout=IMPORT_SECONDS,
    )
    admin = KeycloakAdmin(connection=connection)
    await admin.a_import_realm(document)
    for start in range(0, len(people), AT_ONCE):
        some = {"ifResourceExists": "FAIL", "users": people[start : start + AT_ONCE]}
        await admin.a_partial_import_realm("big", some)
        came = start + len(some["users"])
        if time.monotonic() - began > FILL_SECONDS:
            break
    await connection.aclose()
    return came, sum(len(one["groups"]) for one in people[:came])


async def _add_rules(services: Services, realm: Realm) -> None:
    async with services.database.write() as session:
        teams = [Team(name=f"team-{place:04d}", created=0) for place in range(TEAMS)]
        session.add_all(teams)
        await session.flush()
        for place, team in enumerate(teams):
            rule = MappingRule(
                issuer=realm.issuer,
                claim="groups",
                value=group_path(place),
                team_id=team.id,
                role=RuleRole.MEMBER,
                created=0,
            )
            session.add(rule)
