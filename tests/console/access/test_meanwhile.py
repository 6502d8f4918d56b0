"""An answer that is given while the model it is about is being changed: it waits, then counts for nothing.

On SQLite there is one writer at a time; that PostgreSQL lets two write is what these are about.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

import httpx2
import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from console.models import DataClass, Model
from console.services import Services
from tests.console.access.conftest import Desk
from tests.console.campaigns.conftest import Reviews, reviews
from tests.console.campaigns.test_reapproval import again, alter, answer, card
from tests.console.catalog.both import settings  # noqa: F401 - a test names the database
from tests.console.custody.conftest import Office
from tests.patience import PATIENCE

__all__ = ["reviews"]
Given = TypeVar("Given")
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.real)
BLOCKED = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)
pytestmark = [pytest.mark.slow, pytest.mark.parametrize("settings", [POSTGRESQL], indirect=True)]


async def told_while(services: Services, giving: Awaitable[httpx2.Response], **changes: Any) -> Any:
    """Return status and reasons of an answer that is given while the model is being changed."""
    told = await given_while(services, "credit-default", giving, **changes)
    return told.status_code, told.json()["reasons"]


async def given_while(services: Services, name: str, giving: Awaitable[Given], **changes: Any) -> Given:
    """Write to a model, give the answer before that is committed, and return what came of it."""
    async with services.database.write() as session:
        model = (await session.exec(select(Model).where(col(Model.name) == name))).one()
        for changed, value in changes.items():
            setattr(model, changed, value)
        session.add(model)
        await session.flush()
        given = asyncio.ensure_future(giving)
        await _waiting(services, given)
    return await given


async def _waiting(services: Services, given: asyncio.Future[Any]) -> None:
    async with asyncio.timeout(PATIENCE), services.database.engine.connect() as connection:
        while not given.done() and not (await connection.execute(BLOCKED)).scalar_one():
            await connection.rollback()  # what is seen of others stays as it is within a transaction
    assert not given.done()


async def test_the_last_answer_to_a_request(desk: Desk) -> None:
    request = await desk.asked()
    await desk.answer("owner", request)
    giving = desk.answer("reviewer", request)
    told = await told_while(desk.services, giving, data_class=DataClass.SPECIAL)
    assert told == (409, ["stale_content"])
    assert (await desk.get("owner", "/grants")).json()["items"] == []


async def test_the_last_answer_to_a_change_of_the_model(desk: Desk) -> None:
    office = Office(desk.client, desk.token_for, desk.services)
    body = {"reason": "Because of case 4711", "tier": "low"}
    asked = await office.call("owner", "PUT", "/models/risk.credit-default", json=body)
    giving = office.answer("reviewer", asked.json()["change"])
    told = await told_while(desk.services, giving, data_class=DataClass.SPECIAL)
    assert told == (409, ["model_changed"])
    async with desk.services.database.read() as session:
        model = (await session.exec(select(Model).where(col(Model.name) == "credit-default"))).one()
    assert (model.tier.value, model.data_class.value) == ("high", "special")


async def test_the_last_answer_that_is_given_anew(reviews: Reviews) -> None:
    granted = await reviews.desk.approved()
    await alter(reviews, card=card("Not for small shops."))
    change = await again(reviews, "owner", granted)
    assert (await answer(reviews, "owner", change)).status_code == 201
    giving = answer(reviews, "reviewer", change)
    told = await told_while(reviews.desk.services, giving, card=card("Not for large shops."))
    assert told == (409, ["ground_changed"])
