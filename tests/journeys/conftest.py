"""A running product in each profile, made once for the tests that walk through it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.journeys.embedded import embedded_stage
from tests.journeys.installed import Parts
from tests.journeys.product import Stage
from tests.journeys.production import production_stage, small_production_stage
from tests.real.elasticsearch import ElasticsearchServer
from tests.real.keycloak_server import KeycloakServer
from tests.real.missing import require
from tests.real.mlserver import MlServer
from tests.real.opa import OpaServer


@pytest.fixture(scope="session")
def embedded(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A demo that starts from an empty folder."""
    require(pytestconfig, MlServer(Path(os.devnull)))
    with embedded_stage(tmp_path_factory.mktemp("embedded") / "var") as stage:
        yield stage


@pytest.fixture(scope="session")
def parts(
    keycloak: KeycloakServer,
    opa: OpaServer,
    elasticsearch: ElasticsearchServer,
    mlserver: MlServer,
    postgres_database: Callable[[], str],
) -> Parts:
    """The real servers, and a database that nobody else uses."""
    return Parts(keycloak, opa, elasticsearch, mlserver, postgres_database(), postgres_database())


@pytest.fixture(scope="session")
def production(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """An installation on real parts, its roles in three processes."""
    data = tmp_path_factory.mktemp("production") / "data"
    with production_stage(data, parts, roles=("worker", "console", "gateway")) as stage:
        yield stage


@pytest.fixture(scope="session")
def small_production(
    keycloak: KeycloakServer, mlserver: MlServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """An installation on one host: SQLite, embedded Rego and a file, with a real identity provider."""
    with small_production_stage(tmp_path_factory.mktemp("small") / "data", keycloak, mlserver) as stage:
        yield stage
