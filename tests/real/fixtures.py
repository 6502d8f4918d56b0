"""Fixtures of the real servers: each is fetched and started when first asked for, once in a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from tests.real.chromium import Chromium
from tests.real.elasticsearch import ElasticsearchServer
from tests.real.keycloak_server import KeycloakServer
from tests.real.missing import require
from tests.real.mlserver import MlServer
from tests.real.oidc_provider_server import OidcProviderServer
from tests.real.opa import OpaServer
from tests.real.postgres import PostgresServer
from tests.real.rsyslog import RsyslogReceiver
from tests.real.server import RealServer
from tests.real.small_disk import SmallDisk
from tests.real.strangers import Auditor, Strace, Tessera, Witnessed

Started = TypeVar("Started", bound=RealServer | MlServer)


@pytest.fixture(scope="session")
def elasticsearch(pytestconfig: pytest.Config) -> Iterator[ElasticsearchServer]:
    """The running node; may be stopped and started again."""
    yield from _run(pytestconfig, ElasticsearchServer())


@pytest.fixture(scope="session")
def elasticsearch_url(elasticsearch: ElasticsearchServer) -> str:
    return elasticsearch.url


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> Iterator[PostgresServer]:
    """The running cluster."""
    yield from _run(pytestconfig, PostgresServer())


@pytest.fixture(scope="session")
def postgres_database(postgres: PostgresServer) -> Callable[[], str]:
    """Makes an empty database at each call and returns its `postgresql+asyncpg://` URL."""
    return postgres.create_database


@pytest.fixture(scope="module")
def postgres_url(postgres_database: Callable[[], str]) -> str:
    """An empty database for each test module."""
    return postgres_database()


@pytest.fixture(scope="session")
def keycloak(pytestconfig: pytest.Config) -> Iterator[KeycloakServer]:
    """The running provider with realm `guildhall`."""
    yield from _run(pytestconfig, KeycloakServer())


@pytest.fixture(scope="session")
def oidc_provider(pytestconfig: pytest.Config) -> Iterator[OidcProviderServer]:
    """The running certified provider that is not Keycloak."""
    yield from _run(pytestconfig, OidcProviderServer())


@pytest.fixture(scope="session")
def mlserver(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlServer]:
    """The running cluster with the demo's models."""
    yield from _run(pytestconfig, MlServer(tmp_path_factory.mktemp("mlserver")))


@pytest.fixture(scope="session")
def opa(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpaServer]:
    """The running OPA with the bundle of policy/rego; may be stopped and started again."""
    from policy.bundles import write_bundle  # noqa: PLC0415 - only who asks for OPA needs the bundle

    bundle = tmp_path_factory.mktemp("opa") / "bundle"
    bundle.mkdir()
    write_bundle(bundle)
    yield from _run(pytestconfig, OpaServer(bundle))


@pytest.fixture(scope="session")
def opa_url(opa: OpaServer) -> str:
    return opa.url


@pytest.fixture(scope="session")
def rsyslog_receiver(pytestconfig: pytest.Config) -> Iterator[RsyslogReceiver]:
    """The running receiver; what it took stands in one file."""
    yield from _run(pytestconfig, RsyslogReceiver())


@pytest.fixture(scope="session")
def chromium(pytestconfig: pytest.Config) -> Path:
    """The path of Chromium's program."""
    browser = Chromium()
    require(pytestconfig, browser)
    return browser.path


@pytest.fixture(scope="session")
def go_auditor(pytestconfig: pytest.Config) -> Auditor:
    """The independent verifier, compiled from tests/real/go/auditor."""
    auditor = Auditor()
    require(pytestconfig, auditor)
    return auditor


@pytest.fixture(scope="session")
def go_witnessed(pytestconfig: pytest.Config) -> Witnessed:
    """The log that asks witnesses, compiled from tests/real/go/witnessed."""
    witnessed = Witnessed()
    require(pytestconfig, witnessed)
    return witnessed


@pytest.fixture(scope="session")
def go_tessera(pytestconfig: pytest.Config) -> Tessera:
    """Tessera's own maker of logs."""
    tessera = Tessera()
    require(pytestconfig, tessera)
    return tessera


@pytest.fixture(scope="session")
def strace(pytestconfig: pytest.Config) -> Path:
    """The path of strace, which may trace here."""
    tracer = Strace()
    require(pytestconfig, tracer)
    return tracer.path


@pytest.fixture(scope="session")
def small_disk(pytestconfig: pytest.Config) -> SmallDisk:
    """What mounts disks that are quickly full."""
    disk = SmallDisk()
    require(pytestconfig, disk)
    return disk


def _run(config: pytest.Config, server: Started) -> Iterator[Started]:
    require(config, server)
    server.start()
    yield server
    server.close()
