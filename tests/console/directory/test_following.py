from uuid import UUID

import httpx2
import pytest
from sqlmodel import select

from console.directory.following import SyncAsk, ask_sync, confirm_sync, open_directory_page, read_directory
from console.directory.guarding import guard
from console.directory.keeping import keep_run, next_run
from console.directory.told import Told, ToldPerson, tell
from console.errors import ConflictError, NotFoundError, RefusedError
from console.services import Services
from console.settings import Settings
from sso.mapping import Rights
from sso.models import DirectoryRun, RunState
from sso.principal import Principal
from sso.syncing.held import HeldPerson
from sso.syncing.plan import Kind, PersonChange, Plan
from tests.console.conftest import TokenFor, WorkAs
from tests.console.directory.scene import SETTINGS


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"directory": SETTINGS})


def taking(people: int, held: int) -> Plan:
    person = HeldPerson(UUID(int=1), True, "Ada", None, Rights(), frozenset())
    change = PersonChange(Kind.END, "ada", None, person, Rights())
    return Plan(SETTINGS.known_as, (change,) * people, held)


@pytest.mark.parametrize(("people", "held"), [(20, 40), (21, 210), (2, 2), (0, 0)])
def test_a_sync_that_takes_from_few_or_from_a_small_share_goes_ahead(people: int, held: int) -> None:
    assert guard(taking(people, held), SETTINGS, None) is None


def test_a_sync_that_takes_from_many_waits_and_says_from_how_many() -> None:
    said = guard(taking(21, 200), SETTINGS, None)
    assert said is not None
    assert "21 of 200" in said


def test_what_an_admin_confirmed_goes_ahead_but_not_much_more() -> None:
    assert guard(taking(110, 200), SETTINGS, 100) is None
    assert guard(taking(111, 200), SETTINGS, 100) is not None


def test_a_plan_names_nobody_who_is_not_here() -> None:
    newcomer = PersonChange(Kind.ADD, "secret-name", None, None, Rights())
    told = tell(Plan(SETTINGS.known_as, (newcomer,), 0))
    assert told.added == 1
    assert "secret-name" not in told.model_dump_json()


async def test_an_admin_asks_for_a_sync_and_the_worker_finds_it(services: Services, work_as: WorkAs) -> None:
    asked = await ask_sync(await work_as("admin"), SyncAsk(dry_run=True))
    found = await next_run(services, SETTINGS)
    assert found is not None
    assert (found.id, found.dry, found.state) == (asked.id, True, RunState.ASKED)


@pytest.mark.parametrize("handle", ["auditor", "reviewer", "owner", "member"])
async def test_only_an_admin_asks_for_a_sync(work_as: WorkAs, handle: str) -> None:
    with pytest.raises(RefusedError):
        await ask_sync(await work_as(handle), SyncAsk())


async def test_an_auditor_sees_how_the_sync_stands_and_a_member_does_not(work_as: WorkAs) -> None:
    assert (await read_directory(await work_as("auditor"))).issuer == SETTINGS.known_as
    with pytest.raises(RefusedError):
        await read_directory(await work_as("member"))


async def test_a_waiting_sync_is_confirmed_once(services: Services, work_as: WorkAs) -> None:
    asked = await ask_sync(await work_as("admin"), SyncAsk())
    with pytest.raises(ConflictError):
        await confirm_sync(await work_as("admin"), asked.id)
    await keep_run(services, asked.id, state=RunState.WAITING, plan=Told(taking=30).model_dump_json())
    assert (await confirm_sync(await work_as("admin"), asked.id)).state == RunState.CONFIRMED
    with pytest.raises(ConflictError):
        await confirm_sync(await work_as("admin"), asked.id)


async def test_a_newer_sync_takes_the_place_of_one_that_waits(services: Services, work_as: WorkAs) -> None:
    first = await ask_sync(await work_as("admin"), SyncAsk())
    await ask_sync(await work_as("admin"), SyncAsk())
    async with services.database.read() as session:
        found = (await session.exec(select(DirectoryRun).where(DirectoryRun.id == first.id))).one()
    assert found.state is RunState.DROPPED


async def test_a_page_that_names_people_shows_their_handles(
    services: Services, work_as: WorkAs, people: dict[str, Principal]
) -> None:
    asked = await ask_sync(await work_as("admin"), SyncAsk())
    named = ToldPerson(person=str(people["owner"].id), kind="end", gained=0, lost=1)
    await keep_run(services, asked.id, state=RunState.DONE, plan=Told(people=[named]).model_dump_json())
    page = await open_directory_page(await work_as("admin"))
    assert page.names[str(people["owner"].id)] == "owner"


async def test_the_api_asks_and_reads(api: httpx2.AsyncClient, token_for: TokenFor) -> None:
    bearer = {"Authorization": f"Bearer {token_for('admin')}"}
    asked = await api.post("/directory/sync", json={"dry_run": True}, headers=bearer)
    assert (asked.status_code, asked.json()["state"]) == (202, "asked")
    found = await api.get("/directory", headers=bearer)
    assert [run["id"] for run in found.json()["runs"]] == [asked.json()["id"]]


class TestWithoutADirectory:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"directory": None})

    async def test_there_is_nothing_to_read_and_the_page_says_so(self, work_as: WorkAs) -> None:
        with pytest.raises(NotFoundError):
            await read_directory(await work_as("admin"))
        assert (await open_directory_page(await work_as("admin"))).directory is None
