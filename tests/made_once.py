"""A pytest plugin: makes once per run what every test would otherwise make anew.

That is compiled SQL and the list of trusted authorities. The product, too, makes both once per process; only
tests build hundreds of engines and clients in one.
"""

import gc
import os
import ssl
from functools import cache
from typing import Any

import httpcore2
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.engine import Engine
from sqlalchemy.util import LRUCache

STATEMENTS: LRUCache[Any, Any] = LRUCache(20_000)

make_tls_context = httpcore2.default_ssl_context


class _Shared:
    """Makes each instance of a dialect find what another has compiled: it is part of the cache's key."""

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self))

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        engine._compiled_cache = STATEMENTS


class SharedSQLite(_Shared, SQLiteDialect_aiosqlite):
    supports_statement_cache = True


class SharedPostgreSQL(_Shared, PGDialect_asyncpg):
    supports_statement_cache = True


@cache
def one_tls_context(file: str | None, folder: str | None, *, trusted: bool) -> ssl.SSLContext:
    return make_tls_context(_trust_env=trusted)


def tls_context(*, _trust_env: bool = True) -> ssl.SSLContext:
    """Return one context for each place that the environment names for trusted authorities."""
    return one_tls_context(*map(os.environ.get, ("SSL_CERT_FILE", "SSL_CERT_DIR")), trusted=_trust_env)


def pytest_configure() -> None:
    """Put what is shared in the place of what is made anew; child processes have the product's own."""
    registry.register("sqlite.aiosqlite", __name__, SharedSQLite.__name__)
    registry.register("postgresql.asyncpg", __name__, SharedPostgreSQL.__name__)
    httpcore2.default_ssl_context = tls_context


def pytest_collection_finish() -> None:
    """Leave out of every later collection of garbage what stays anyway: modules, tests, classes."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
