"""A person is erased on the running product: no byte of them is left anywhere, and every proof still holds.

They sign in, ask, call, are refused, are searched for and exported; then they are erased, and an older copy
of the databases is put back. Elasticsearch packs what it stores, so its documents are read back as well.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from audit.__main__ import main as verify
from console.catalog.publishing import publish_model
from console.demo.seed import seed
from console.installation import migrate_all, stamp
from console.questions import Origin
from console.services import build
from console.settings import load_settings
from console.work import UnitOfWork
from sso.principal import system_principal
from tests.console.gateway.clusters import ScriptedCluster
from tests.faults.conftest import Installation, a_shared_model, answer_like_a_server
from tests.faults.databases import Databases, PostgresDatabases, SqliteFiles
from tests.faults.erasing import (
    ADDRESS,
    MAIL,
    PERSON,
    PURPOSE,
    TRACES,
    Erasing,
    documents_in,
    refuse_people,
    set_aside,
)
from tests.faults.traces import find_traces
from tests.real.elasticsearch import ElasticsearchServer
from tests.real.server import free_port

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Databases:
    if request.param == "sqlite":
        return SqliteFiles(tmp_path / "var")
    server = request.getfixturevalue("postgres")
    urls = {name: server.create_database() for name in ("url", "log_url", "keys_url")}
    return PostgresDatabases(server, urls)


@pytest.fixture
async def product(
    tmp_path: Path, databases: Databases, elasticsearch: ElasticsearchServer
) -> AsyncIterator[Installation]:
    origin = f"erased.example/{tmp_path.name}"
    settings = load_settings(
        data=tmp_path / "var",
        server={"port": free_port()},
        database=databases.urls,
        audit={"origin": origin, "elasticsearch": {"url": elasticsearch.url}},
    )
    await migrate_all(settings)
    services = build(settings)
    async with ScriptedCluster.open() as cluster:
        cluster.behave = answer_like_a_server
        await stamp(services)
        await seed(services, cluster.url, tmp_path / "no-models")
        work = UnitOfWork(services, system_principal("demo"), Origin("demo"))
        await publish_model(work, a_shared_model())
        installation = Installation(settings, services, cluster)
        given = {f"GUILDHALL_DATABASE__{name.upper()}": url for name, url in databases.urls.items()}
        audit = {"GUILDHALL_AUDIT__ORIGIN": origin, "GUILDHALL_AUDIT__ELASTICSEARCH__URL": elasticsearch.url}
        installation.product.settings = {**installation.product.settings, **given, **audit}
        yield installation
        await asyncio.to_thread(installation.product.close)
    await services.close()


async def test_an_erased_person_is_nowhere_and_every_proof_holds(
    product: Installation, databases: Databases, elasticsearch: ElasticsearchServer, tmp_path: Path
) -> None:
    stage = Erasing(product, tmp_path)
    searched = [product.settings.data, tmp_path / "out", elasticsearch.folder / "data"]
    refuse_people(elasticsearch)
    async with stage.running():
        person = await stage.live()
        receipts = await stage.take_receipts()
        await stage.copy_keys()
    assert str(person) in documents_in(elasticsearch)
    assert str(person) in set_aside(elasticsearch)
    named = find_traces(TRACES, [product.settings.data, *await databases.places()])
    assert {PERSON.name, PERSON.handle, MAIL, PERSON.subject} <= {word for _, word in named}
    await databases.keep()

    async with stage.running():
        await stage.erase(person)
        await stage.swept()
        await stage.shipped()
    assert find_traces(TRACES, [*searched, *await databases.places()]) == []
    assert [word for word in TRACES if word.lower() in documents_in(elasticsearch).lower()] == []

    await databases.put_back()
    brought_back = {
        word for _, word in find_traces(TRACES, [product.settings.data, *await databases.places()])
    }
    # What stays in such a copy: profile, identity, words of the tables, and from where they signed in.
    assert brought_back == {PERSON.name, PERSON.handle, MAIL, PERSON.subject, PURPOSE, ADDRESS}
    async with stage.running():
        await stage.swept()
        await stage.shipped()
        assert len(await stage.found("action:subject.erase")) == len(("approved", "reapplied"))
        assert (await stage.get("auditor", f"/api/v1/audit/events?q=actor:{PERSON.handle}")).status == 422
        assert len(await stage.found(f"actor:{person}")) >= len(receipts)
    assert find_traces(TRACES, [*searched, *await databases.places()]) == []
    key = (product.settings.data / "keys" / "log.vkey").read_text("utf-8").strip()
    for receipt in [*receipts, tmp_path / "out" / "export"]:
        assert verify(["verify", f"--key={key}", "--", str(receipt)]) == 0, receipt
