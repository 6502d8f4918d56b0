"""What the log and its follower hold, asked beside the product: in the database, and in Elasticsearch."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from audit.database import create_log_engine
from audit.models import open_intent
from audit.reader import LogReader
from audit.sinks.cursor import Position, read_position
from tests.journeys.installed import Parts
from tests.journeys.product import Stage, until
from tests.patience import PATIENCE
from tests.real.wire import ask

Answer = TypeVar("Answer")
INDEXES = "guildhall-audit-v1-*"


def log_size(database: str) -> int:
    """How many entries the log at this address has, signed or not."""
    return _ask_log(database, lambda engine: LogReader(engine).size())


def shipped_until(parts: Parts) -> Position:
    """The cursor of the Elasticsearch follower, and why it stands still if it does."""
    return _ask_log(parts.database, lambda engine: read_position(engine, "elasticsearch"))


def open_intents(parts: Parts) -> int:
    """How many calls the log knows to be on their way."""

    async def count(engine: AsyncEngine) -> int:
        async with engine.connect() as connection:
            found = await connection.scalar(sa.select(sa.func.count()).select_from(open_intent))
        return int(found or 0)

    return _ask_log(parts.database, count)


def count_documents(stage: Stage, parts: Parts) -> int:
    """How many documents Elasticsearch has of this installation's log."""
    ask("POST", f"{parts.elasticsearch.url}/{INDEXES}/_refresh")
    body = {"query": {"term": {"guildhall.log": _origin(stage)}}}
    found: int = ask("POST", f"{parts.elasticsearch.url}/{INDEXES}/_count", body)[1]["count"]
    return found


def documents(stage: Stage, parts: Parts, event: str) -> list[dict[str, Any]]:
    """The documents of one entry: exactly one, if all is well."""
    wanted = [{"term": {"guildhall.log": _origin(stage)}}, {"term": {"event.id": event}}]
    body = {"query": {"bool": {"filter": wanted}}}
    _, found = ask("POST", f"{parts.elasticsearch.url}/{INDEXES}/_search", body)
    return [hit["_source"] for hit in found["hits"]["hits"]]


def all_shipped(stage: Stage, parts: Parts, *, seconds: float) -> int:
    """Return the size of the log once Elasticsearch holds exactly as many documents."""

    def equal() -> int:
        size = log_size(parts.database)
        return size if size == count_documents(stage, parts) else 0

    return until(equal, seconds=seconds, what="Elasticsearch holds as many entries as the log")


def entry(stage: Stage, event: str, *, seconds: float = PATIENCE) -> dict[str, Any]:
    """One entry whole, as the auditor reads it, once it is in the log."""
    token = stage.token("auditor")

    def read() -> dict[str, Any]:
        answer = stage.product.ask("GET", f"/api/v1/audit/events/{event}", token=token)
        found: dict[str, Any] = answer.json if answer.status == 200 else {}
        return found

    return until(read, seconds=seconds, what=f"the entry {event} is in the log")


def _origin(stage: Stage) -> str:
    return stage.product.settings["GUILDHALL_AUDIT__ORIGIN"]


def _ask_log(database: str, question: Callable[[AsyncEngine], Awaitable[Answer]]) -> Answer:
    async def asked() -> Answer:
        engine = create_log_engine(database)
        try:
            return await question(engine)
        finally:
            await engine.dispose()

    return asyncio.run(asked())
