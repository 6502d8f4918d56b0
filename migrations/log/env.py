"""Runs the migrations of the log's tree, on a connection it is given or on a URL."""

import asyncio

import sqlalchemy as sa
from alembic import context
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from audit.models import log_metadata

SCHEMA = "log"


def migrate(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        _enter_schema(connection)
    context.configure(connection=connection, target_metadata=log_metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


def _enter_schema(connection: Connection) -> None:
    # Asked first: a role that may not create schemas can still migrate one made for it.
    if connection.scalar(sa.select(sa.func.to_regnamespace(SCHEMA))) is None:
        connection.execute(sa.schema.CreateSchema(SCHEMA))
    connection.execute(sa.text(f"SET search_path TO {SCHEMA}"))


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
        raise ValueError("The log's migrations need a connection or sqlalchemy.url.")
    asyncio.run(migrate_url(url))


run()
