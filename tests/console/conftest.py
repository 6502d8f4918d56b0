"""Real services on migrated SQLite databases: the demo's people, two routes, a clock that tests move."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from uuid import UUID

import httpx2
import pytest
from sqlmodel import col, select
from uuid_utils.compat import uuid7

from console.installation import migrate_all, stamp
from console.models import DataClass, Model, Route, Tier, Visibility
from console.services import Services, build, with_decider
from console.settings import Settings, load_settings
from console.sign_in.providers import Providers, configured_issuers, dev_issuer
from console.work import UnitOfWork
from policy.embedded import EmbeddedDecider
from sso.dev.people import DEMO_PEOPLE
from sso.dev.provider import DevProvider
from sso.dev.tokens import PLAIN_ACR, STEP_UP_ACR, issue_token
from sso.models import Profile
from sso.principal import Authentication, Principal
from tests.console.begun import TESTS, Begun, begin, make_teams, sign_in, sign_in_people
from tests.console.one_app import console_on
from tests.patience import PATIENCE

START = 1_800_000_000_000_000

WorkAs = Callable[..., Awaitable[UnitOfWork]]
Admit = Callable[..., Awaitable[Principal]]
TokenFor = Callable[..., str]


@dataclass
class MovingClock:
    """Microseconds UTC that move by one at each reading, and by more only when told."""

    now: int = START

    def __call__(self) -> int:
        self.now += 1
        return self.now

    def forward(self, seconds: int) -> None:
        self.now += seconds * 1_000_000


@dataclass(frozen=True)
class Catalog:
    """A listed route of team risk and a hidden one of team health."""

    credit: Route
    tumour: Route


@pytest.fixture(scope="session")
def migrated_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose two databases are brought up by migration, to be copied."""
    folder = tmp_path_factory.mktemp("console") / "var"
    asyncio.run(migrate_all(load_settings(data=folder)))
    return folder


@pytest.fixture(scope="session")
def decider() -> Iterator[EmbeddedDecider]:
    """One evaluator process for all tests: it keeps nothing between questions."""
    engine = EmbeddedDecider(decision_seconds=PATIENCE)
    yield engine
    asyncio.run(engine.close())


@pytest.fixture(scope="session")
def begun_data(migrated_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Begun:
    """The same with the demo's teams and people, who have signed in once."""
    folder = tmp_path_factory.mktemp("begun") / "var"
    shutil.copytree(migrated_data, folder)
    return asyncio.run(begin(load_settings(data=folder), MovingClock()))


@pytest.fixture
def settings(request: pytest.FixtureRequest, migrated_data: Path, tmp_path: Path) -> Settings:
    """Settings of a copied installation; whoever wants people gets the one in which they are."""
    peopled = "people" in request.fixturenames
    begun = request.getfixturevalue("begun_data").folder if peopled else migrated_data
    shutil.copytree(begun, tmp_path / "var")
    return load_settings(data=tmp_path / "var")


@pytest.fixture
def begun(request: pytest.FixtureRequest, settings: Settings) -> Begun | None:
    """What is there already, where the settings are of a copy with people in it."""
    found: Begun = request.getfixturevalue("begun_data")
    return found if found.is_copied_to(settings.data) else None


@pytest.fixture
def clock(begun: Begun | None) -> MovingClock:
    """A clock that stands where the copied installation's stood."""
    return MovingClock(begun.now) if begun else MovingClock()


@pytest.fixture
async def services(
    settings: Settings, clock: MovingClock, decider: EmbeddedDecider
) -> AsyncIterator[Services]:
    """Services as the product builds them, with the development provider at the other end of `http`."""
    built = build(settings, clock)
    await built.http.aclose()
    await built.decider.close()
    provider = DevProvider(dev_issuer(settings), settings.data / "dev-idp.key", DEMO_PEOPLE, clock)
    http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=provider))
    sign_in = Providers(configured_issuers(settings), http, clock)
    services = replace(with_decider(built, decider), http=http, sign_in=sign_in)
    await stamp(services)
    yield services
    await services.denials.stop()
    await http.aclose()
    await services.keys.close()
    await services.log.engine.dispose()
    await services.database.close()


@pytest.fixture
async def teams(services: Services, begun: Begun | None) -> dict[str, UUID]:
    """The demo's teams and mapping rules; the ids of the teams by name."""
    return begun.teams if begun else await make_teams(services)


@pytest.fixture
def admit(services: Services, teams: dict[str, UUID]) -> Admit:
    """Sign somebody in, with groups of one's choice; the same handle is the same person."""
    return partial(sign_in, services)


@pytest.fixture
async def people(services: Services, teams: dict[str, UUID], begun: Begun | None) -> dict[str, Principal]:
    """The demo's five people, signed in once."""
    return begun.people if begun else await sign_in_people(services)


@pytest.fixture
async def catalog(services: Services, teams: dict[str, UUID]) -> Catalog:
    """Two routes, as publishing would leave them."""
    credit = _model(teams["risk"], "risk", "credit-default", Visibility.LISTED, DataClass.PERSONAL)
    tumour = _model(teams["health"], "health", "tumour-screen", Visibility.HIDDEN, DataClass.SPECIAL)
    routes = [
        Route(name=f"{model.namespace}.{model.name}", model_id=model.id, created=START)
        for model in (credit, tumour)
    ]
    async with services.database.write() as session:
        session.add_all([credit, tumour])
        await session.flush()
        session.add_all(routes)
    return Catalog(*routes)


@pytest.fixture
def work_as(services: Services, people: dict[str, Principal]) -> WorkAs:
    """A unit of work of somebody known, by a fresh sign-in of its own."""

    async def begin(handle: str, *, stepped_up: bool = False) -> UnitOfWork:
        async with services.database.read() as session:
            profile = (await session.exec(select(Profile).where(col(Profile.handle) == handle))).one()
        proof = Authentication(
            method="bearer",
            issuer=dev_issuer(services.settings),
            subject=f"demo-{handle}",
            token_id=str(uuid7()),
            acr=STEP_UP_ACR if stepped_up else PLAIN_ACR,
            auth_time=services.clock() // 1_000_000,
        )
        principal = Principal(profile.person_id, "person", handle, profile.name, proof)
        return UnitOfWork(services, principal, TESTS)

    return begin


@pytest.fixture
def token_for(services: Services, people: dict[str, Principal]) -> TokenFor:
    """An access token of one of the demo's people, as `guildhall dev token` prints it."""

    def issue(handle: str, *, step_up: bool = False) -> str:
        settings = services.settings
        key, issuer = settings.data / "dev-idp.key", dev_issuer(settings)
        return issue_token(key, issuer, handle, step_up, services.clock())

    return issue


@pytest.fixture
async def api(services: Services) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the console's API, without a network."""
    transport = httpx2.ASGITransport(app=console_on(services))
    address = f"{services.settings.base_url}/api/v1"
    async with httpx2.AsyncClient(transport=transport, base_url=address) as client:
        yield client


def _model(team_id: UUID, namespace: str, name: str, visibility: Visibility, data_class: DataClass) -> Model:
    return Model(
        team_id=team_id,
        namespace=namespace,
        name=name,
        title=name.replace("-", " ").capitalize(),
        summary="Scores something.",
        task="binary classification",
        purpose="decision-support",
        card=json.dumps({"limits": "Trained on a generated table."}),
        visibility=visibility,
        tier=Tier.HIGH,
        data_class=data_class,
        created=START,
    )
