"""Without a disclosure, what sinks are sent has pseudonyms only: of nobody a name, an address or a word."""

import orjson
import pytest

from audit import ecs, ocsf
from console.catalog.stopping import start_route, stop_route
from console.questions import Origin
from console.services import Services
from console.sign_in.admission import record_refusal
from console.trail.queries import Search, search_events
from tests.console.conftest import Catalog, WorkAs
from tests.console.erasure.conftest import ADDRESS, AGENT, HANDLE, NAME, TRACES, Zelda, ask, refuse
from tests.console.gateway.records import Worker

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("form", [ecs.document, ocsf.document, ecs.original_only, ocsf.original_only])
async def test_no_document_of_any_act_names_anybody(
    services: Services, zelda: Zelda, catalog: Catalog, work_as: WorkAs, form: type
) -> None:
    person = (await zelda.sign_in()).id
    await refuse(work_as, services, await ask(zelda), f"{NAME} asked for too much")
    await stop_route(await work_as("owner"), catalog.tumour.name, f"{HANDLE} saw it fail")
    await start_route(await work_as("owner"), catalog.tumour.name, f"{HANDLE} saw it work")
    await search_events(await work_as("auditor"), Search(f"actor:{HANDLE}"), None)
    await record_refusal(services, "state_mismatch", "https://id.example", Origin("page", ADDRESS, AGENT))
    await zelda.erase(person)
    worker = Worker(services)
    await worker.drain()
    entries = await services.log.entries(range(await services.log.size()))
    origin = services.settings.audit.origin
    documents = [orjson.dumps(form(one.index, one.head, one.leaf, origin=origin)) for one in entries]
    told = b"\n".join(documents).decode().lower()
    assert [trace for trace in TRACES if trace.lower() in told] == []
    assert str(person) in told
    assert len(documents) > 15
