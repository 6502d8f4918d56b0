"""A cluster on loopback, registered, and what is on its way to the log."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import SQLModel, col, select

from audit.body import SealedPart, open_part
from audit.models import Outbox, RowVersion
from audit.record import Record
from console.catalog.discovery import create_cluster
from console.catalog.forms import ClusterCreate
from console.models import Deployment
from console.questions import Origin
from console.services import Services
from console.work import UnitOfWork
from sso.principal import system_principal
from tests.console.catalog.shelf import Shelf
from tests.console.catalog.v2_cluster import V2Cluster, open_cluster

Heads = Callable[..., Awaitable[list[dict[str, Any]]]]


@pytest.fixture
async def cluster() -> AsyncIterator[V2Cluster]:
    async with open_cluster() as opened:
        yield opened


@pytest.fixture
def system(services: Services, teams: object) -> UnitOfWork:
    """The unit of work of the program itself, as the demo's seed has it."""
    return UnitOfWork(services, system_principal("tests"), Origin("tests"))


@pytest.fixture
async def registered(system: UnitOfWork, cluster: V2Cluster) -> V2Cluster:
    """The cluster, known to the console as `main`."""
    await create_cluster(system, ClusterCreate(name="main", url=cluster.url))
    return cluster


@pytest.fixture
def heads(services: Services) -> Heads:
    """The heads on their way to the log, by time, of some actions."""

    async def read(*actions: str) -> list[dict[str, Any]]:
        rows = await rows_of(services, Outbox)
        rows.sort(key=lambda row: (row.created, row.event_id))
        found = [dict(Record.from_bytes(row.record).head_fields) for row in rows]
        return [head for head in found if head["action"] in actions]

    return read


@pytest.fixture
def shelf(services: Services, teams: dict[str, UUID]) -> Shelf:
    return Shelf(services, teams)


async def rows_of(services: Services, table: type[SQLModel]) -> list[Any]:
    """Every row of a table."""
    async with services.database.read() as session:
        return list(await session.exec(select(table)))


async def history_of(services: Services, event_id: object) -> list[tuple[str, dict[str, Any], str]]:
    """Kind, state and hash of each row version an event appended, in order."""
    async with services.database.read() as session:
        query = select(RowVersion).order_by(col(RowVersion.sequence))
        rows = [row for row in await session.exec(query) if str(row.event_id) == str(event_id)]
    return [(row.kind, json.loads(row.row or "null"), row.row_hash) for row in rows]


async def parts_of(services: Services, action: str) -> tuple[SealedPart, ...]:
    """The sealed parts of the one record of an action that waits for the log."""
    records = [Record.from_bytes(row.record) for row in await rows_of(services, Outbox)]
    [found] = [record for record in records if record.head_fields["action"] == action]
    return found.parts


async def opened(services: Services, part: SealedPart) -> dict[str, Any]:
    """What a part says."""
    return dict(open_part(part, await services.keys.find(part.subject)))


async def deployments(services: Services) -> dict[tuple[str, str], Deployment]:
    return {(row.upstream_name, row.upstream_version): row for row in await rows_of(services, Deployment)}


def publication(**changes: Any) -> dict[str, Any]:
    """What an owner of team risk sends to publish two versions of a discovered model."""
    return {
        "team": "risk",
        "namespace": "risk",
        "name": "churn",
        "title": "Churn",
        "summary": "Says who leaves.",
        "task": "classification",
        "purpose": "retention",
        "visibility": "listed",
        "tier": "low",
        "data_class": "internal",
        "card": {"limits": "few rows"},
        "versions": [bound("1", weight=30), bound("2", weight=70)],
    } | changes


def bound(version: str, **changes: Any) -> dict[str, Any]:
    given = {"cluster": "main", "upstream_name": "churn", "upstream_version": version, "label": version}
    return given | changes
