"""What vouches for the log, as the settings ask for it."""

import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from console.anchors import open_anchors
from console.services import Services
from console.settings import load_settings
from tests.audit.sinks.certificates import write_certificates
from tests.audit.sinks.fake_elasticsearch import FakeElasticsearch, start
from tests.console.gateway.records import Worker

KEY = "a2V5OnNlY3JldA=="


@pytest.mark.parametrize(("file", "known"), [("ca.pem", []), (None, None)])
async def test_heads_are_remembered_by_an_elasticsearch_with_an_authority_of_its_own(
    services: Services, tmp_path: Path, file: str | None, known: list[str] | None
) -> None:
    write_certificates(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    fake = FakeElasticsearch()
    runner = await start(fake, tls=tls)
    given = {"url": fake.url, "api_key": KEY} | ({"ca_file": tmp_path / file} if file else {})
    settings = load_settings(data=services.settings.data, audit={"elasticsearch": given})
    await Worker(services).drain()
    anchors = await open_anchors(replace(services, settings=settings), services.log.engine)
    await anchors.heads.run_once()
    assert anchors.heads.known() == known
    assert fake.credentials == ({f"ApiKey {KEY}"} if file else set())
    await anchors.aclose()
    await runner.cleanup()
