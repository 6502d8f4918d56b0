"""A production installation before its first start: settings in the environment, secrets in files."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from tests.journeys.product import Product
from tests.real.elasticsearch import ElasticsearchServer
from tests.real.keycloak_server import KeycloakServer
from tests.real.mlserver import MlServer
from tests.real.opa import OpaServer
from tests.real.server import free_port

READER_PASSWORD = "reader-password"
READ_ONLY = (
    "CREATE ROLE {role} LOGIN PASSWORD '{password}'",
    "GRANT USAGE ON SCHEMA log TO {role}",
    "GRANT SELECT ON ALL TABLES IN SCHEMA log TO {role}",
)
KEYS_READ_ONLY = (
    "CREATE ROLE {role} LOGIN PASSWORD '{password}'",
    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}",
)


@dataclass(frozen=True)
class Parts:
    """What production stands on: five real servers, and two empty databases."""

    keycloak: KeycloakServer
    opa: OpaServer
    elasticsearch: ElasticsearchServer
    mlserver: MlServer
    database: str
    keys: str


def installed(data: Path, keycloak: KeycloakServer, more: Mapping[str, str]) -> Product:
    """An installation in `data` that trusts one identity provider; `more` settings name other servers."""
    issuer = {
        "url": keycloak.issuer,
        "client_id": keycloak.client_id,
        "client_secret": keycloak.client_secret,
        "step_up_acr": ["gold"],
    }
    port, gateway_port = free_port(), free_port()
    settings = {
        "PROFILE": "production",
        "DATA": str(data),
        "SERVER__PORT": str(port),
        "SIGN_IN__ISSUERS_FILE": secret(data / "issuers.json", json.dumps([issuer])),
        "AUDIT__ORIGIN": f"journey.example/guildhall/{port}",
        "GATEWAY__NETWORKS": '["127.0.0.0/8"]',
        **more,
    }
    url, gateway_url = (f"http://127.0.0.1:{each}" for each in (port, gateway_port))
    return Product(data, url, gateway_url, {f"GUILDHALL_{key}": value for key, value in settings.items()})


def server_settings(data: Path, parts: Parts) -> dict[str, str]:
    """PostgreSQL for every tree, an OPA server, and Elasticsearch beside the file."""
    return {
        "DATABASE__URL_FILE": secret(data / "database.url", parts.database),
        "DATABASE__LOG_URL_FILE": secret(data / "log.url", parts.database),
        "DATABASE__KEYS_URL_FILE": secret(data / "keys.url", parts.keys),
        "POLICY__ENGINE": "opa",
        "POLICY__OPA_URL": parts.opa.url,
        "AUDIT__ELASTICSEARCH__URL": parts.elasticsearch.url,
    }


def reading_only(data: Path, database: str) -> dict[str, str]:
    """Make a role that reads schema `log` and changes nothing there; return the settings that use it."""
    url = _reader_of(database, READ_ONLY)
    return {"GUILDHALL_DATABASE__LOG_URL_FILE": secret(data / "reader.url", url)}


def reading_keys_only(data: Path, keys: str) -> dict[str, str]:
    """Make a role that reads subject keys and makes none; return the settings that use it."""
    url = _reader_of(keys, KEYS_READ_ONLY)
    return {"GUILDHALL_DATABASE__KEYS_URL_FILE": secret(data / "keys-reader.url", url)}


def _reader_of(database: str, statements: tuple[str, ...]) -> str:
    owner = sa.make_url(database)
    role = f"reader_{owner.database}"
    asyncio.run(_create_reader(database, role, statements))
    return owner.set(username=role, password=READER_PASSWORD).render_as_string(hide_password=False)


def secret(path: Path, text: str) -> str:
    """Keep a secret where only its owner reads it, and return the path."""
    path.touch(mode=0o600)
    path.write_text(text + "\n", "utf-8")
    return str(path)


async def _create_reader(database: str, role: str, statements: tuple[str, ...]) -> None:
    engine = create_async_engine(database)
    async with engine.begin() as connection:
        for statement in statements:
            await connection.execute(sa.text(statement.format(role=role, password=READER_PASSWORD)))
    await engine.dispose()
