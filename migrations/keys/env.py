"""Runs the migrations of the key store's tree, on a connection it is given or on a URL."""

import asyncio

from alembic import context
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from audit.models import keys_metadata


def migrate(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=keys_metadata, compare_type=True)
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
        raise ValueError("The key store's migrations need a connection or sqlalchemy.url.")
    asyncio.run(migrate_url(url))


run()
