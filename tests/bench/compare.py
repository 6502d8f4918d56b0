"""Processor seconds of the worker's comparison of tables, history and log at 60,000 memberships."""

import tempfile
import time
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from audit import canonical, outbox
from audit.event import Event
from audit.events import Action
from audit.history import hash_stated, state_digest
from audit.models import RowVersion
from audit.record import seal
from audit.subjects.keyring import MemoryKeyRing
from console import runtime
from console.installation import migrate_all, stamp
from console.questions import Origin
from console.rows import membership_row, person_row, team_row
from console.services import Services, build
from console.settings import load_settings
from console.unexplained.comparison import Comparison
from console.work import Row as WrittenRow
from console.work import UnitOfWork
from sso.models import Membership, Person, Source, Team, TeamRole
from sso.principal import system_principal
from tests.bench.result import Result, Row
from tests.console.gateway.records import Worker

MEMBERSHIPS = 60_000
"""And as many people: 120,000 rows, each with a version."""
A_TEAM = 600
ROUNDS = 3
FLOOR_SECONDS = 5.0


def measure() -> Result:
    """Make the memberships by acts, log them, then compare: once as a new worker, then as one that runs."""
    with tempfile.TemporaryDirectory() as folder:
        first, later = runtime.run(_measure(Path(folder)))
    rows = [
        _row("a new worker compares 60,000 memberships with the log", first),
        _row("a running worker compares them again", later),
    ]
    return Result("compare", rows)


def _row(what: str, rounds: list[float]) -> Row:
    shown = [round(value, 3) for value in rounds]
    return Row(what, sorted(shown)[len(shown) // 2], "s", shown, FLOOR_SECONDS, lower_is_better=True)


async def _measure(folder: Path) -> tuple[list[float], list[float]]:
    settings = load_settings(data=folder / "var")
    await migrate_all(settings)
    services = build(settings)
    try:
        await stamp(services)
        for _ in range(MEMBERSHIPS // A_TEAM):
            await _add_team(services)
        await Worker(services).drain()
        first, later = [], []
        for _ in range(ROUNDS):
            comparison = Comparison(services)
            first.append(await _timed(comparison))
            later.append(await _timed(comparison))
        return first, later
    finally:
        await services.close()


async def _add_team(services: Services) -> None:
    """Add a team by one act that wrote all its rows: their history in bulk, the record as any act's."""
    work = UnitOfWork(services, system_principal("bench"), Origin("bench"))
    now, event_id = work.now, uuid7()
    team = Team(id=uuid7(), name=uuid7().hex, created=now)
    people = [Person(id=uuid7(), created=now) for _ in range(A_TEAM)]
    seats = [_seat(person, team) for person in people]
    rows = [
        team_row(team, now),
        *(person_row(one, now) for one in people),
        *(membership_row(one, now) for one in seats),
    ]
    versions = [_version(row, event_id) for row in rows]
    state = state_digest([str(version["row_hash"]) for version in versions])
    event = Event(id=event_id, action=Action.TEAM_CREATE, actor=None, state=state)
    async with services.database.write() as session:
        connection = await session.connection()
        for table, made in ((Team, [team]), (Person, people), (Membership, seats)):
            await connection.execute(sa.insert(table), [one.model_dump() for one in made])
        await connection.execute(sa.insert(RowVersion), versions)
        await outbox.append(session, seal(event, time=now, keys=MemoryKeyRing()))


def _seat(person: Person, team: Team) -> Membership:
    return Membership(
        id=uuid7(), person_id=person.id, team_id=team.id, role=TeamRole.MEMBER, managed_by=Source.CLAIM
    )


def _version(row: WrittenRow, event_id: UUID) -> dict[str, object]:
    text = canonical.encode(dict(row.state or {})).decode()
    return {
        "kind": row.kind,
        "row_id": row.id,
        "valid_from": row.valid_from,
        "valid_to": None,
        "recorded_at": row.valid_from,
        "event_id": event_id,
        "row": text,
        "row_hash": hash_stated(row.kind, row.id, text, row.valid_from, None),
    }


async def _timed(comparison: Comparison) -> float:
    began = time.process_time()
    found = await comparison.findings()
    if found:
        raise SystemExit(f"{len(found)} rows are unexplained, {found[0]}")
    return time.process_time() - began
