"""Runs the migrations of the main tree, on a connection it is given or on a URL."""

import asyncio

from alembic import context
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

import audit.models
import console.models
import policy.models
import sso.models

OWNERS = (audit.models, console.models, policy.models, sso.models)
"""Importing a models module registers its tables on the one metadata of this tree."""


def migrate(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=SQLModel.metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


async def migrate_url(url: str) -> None:
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(migrate)
    finally:
        await engine.dispose()


def run() -> None:
    given = context.config.attributes.get("connection")
    if given is not None:
        migrate(given)
        return
    url = context.config.get_main_option("sqlalchemy.url")
    if not url:
        raise ValueError("The main tree's migrations need a connection or sqlalchemy.url.")
    asyncio.run(migrate_url(url))


run()
