"""Real services on migrated SQLite databases: the demo's people, two routes, a clock that tests move."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import httpx2
import pytest
from sqlmodel import col, select
from uuid_utils.compat import uuid7

from console.app import create_app
from console.installation import migrate_all, stamp
from console.models import DataClass, Model, Route, Tier, Visibility
from console.questions import Origin
from console.services import Services, build, with_decider
from console.settings import Settings, load_settings
from console.sign_in.admission import start_session
from console.sign_in.providers import Providers, configured_issuers, dev_issuer
from console.work import UnitOfWork
from policy.embedded import EmbeddedDecider
from sso.claims import IdTokenClaims
from sso.dev.people import DEMO_PEOPLE, DEMO_RULES, DEMO_TEAMS, DemoPerson
from sso.dev.provider import DevProvider
from sso.dev.tokens import PLAIN_ACR, STEP_UP_ACR, issue_token
from sso.models import MappingRule, Profile, Team
from sso.principal import Authentication, Principal

START = 1_800_000_000_000_000
TESTS = Origin("tests")

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
    engine = EmbeddedDecider()
    yield engine
    asyncio.run(engine.close())


@pytest.fixture
def settings(migrated_data: Path, tmp_path: Path) -> Settings:
    shutil.copytree(migrated_data, tmp_path / "var")
    return load_settings(data=tmp_path / "var")


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


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
async def teams(services: Services) -> dict[str, UUID]:
    """The demo's teams and mapping rules; the ids of the teams by name."""
    async with services.database.write() as session:
        rows = {name: Team(name=name, created=START) for name in DEMO_TEAMS}
        session.add_all(rows.values())
        await session.flush()
        for rule in DEMO_RULES:
            session.add(
                MappingRule(
                    issuer=dev_issuer(services.settings),
                    claim=rule.claim,
                    value=rule.value,
                    team_id=rows[rule.team].id if rule.team else None,
                    role=rule.role,
                    scope=rule.scope,
                    created=START,
                )
            )
    return {name: row.id for name, row in rows.items()}


@pytest.fixture
def admit(services: Services, teams: dict[str, UUID]) -> Admit:
    """Sign somebody in, with groups of one's choice; the same handle is the same person."""

    async def sign_in(handle: str, groups: tuple[str, ...]) -> Principal:
        person = DemoPerson(handle, handle.title(), "works here", groups)
        issuer = dev_issuer(services.settings)
        claims = IdTokenClaims(
            issuer,
            person.subject,
            expires=START // 1_000_000 + 300,
            issued=START // 1_000_000,
            handle=handle,
            name=person.name,
            given={"groups": list(groups)},
        )
        return (await start_session(services, claims, None, TESTS)).principal

    return sign_in


@pytest.fixture
async def people(admit: Admit) -> dict[str, Principal]:
    """The demo's five people, signed in once."""
    return {handle: await admit(handle, person.groups) for handle, person in DEMO_PEOPLE.items()}


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
    transport = httpx2.ASGITransport(app=create_app(services))  # type: ignore[arg-type]
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
