"""A running console with a log in it: real services on SQLite, the real sequencer, a real HTTP server."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID

import httpx2
import uvicorn
from litestar import Litestar, Request, Response, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.middleware import DefineMiddleware
from sqlmodel import SQLModel
from uuid_utils.compat import uuid7

from audit import outbox
from audit.checkpoints.signing import Checkpointer
from audit.event import Event, Outcome, Part, Resource
from audit.events import Action
from audit.lease import choose_lease
from audit.log import Log
from audit.record import seal
from audit.sequencer import Sequencer, hold_log
from audit.subjects.keyring import MemoryKeyRing
from console.app import log_router, provide_api_work, provide_services
from console.declared import require_declared
from console.errors import ConsoleError
from console.installation import stamp
from console.models import DataClass, Model, Route, Tier, Visibility
from console.problems import problem
from console.security import BearerAuthentication
from console.serve import dev_provider, write_run_file
from console.services import Services, build, with_decider
from console.settings import Settings
from console.sign_in.providers import dev_issuer
from console.trail.api import API
from console.worker import ensure_log
from policy.decision import Decider
from sso.dev.people import DEMO_PEOPLE
from sso.dev.tokens import issue_token
from sso.models import (
    Identity,
    Membership,
    Person,
    PlatformRole,
    Profile,
    RoleAssignment,
    Source,
    Team,
    TeamRole,
)
from tests.patience import PATIENCE

ROLES = {"auditor": PlatformRole.AUDITOR, "admin": PlatformRole.ADMIN, "reviewer": PlatformRole.REVIEWER}


@dataclass
class Trail:
    """What tests act on: `people` and `routes` by name."""

    services: Services
    sequencer: Sequencer
    vkey: str
    http: httpx2.AsyncClient
    people: dict[str, UUID] = field(default_factory=dict)
    routes: dict[str, UUID] = field(default_factory=dict)

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings, decider: Decider) -> AsyncIterator[Self]:
        built = build(settings)
        services = with_decider(built, decider)
        await stamp(services)
        log = Log(services.log.engine)
        lease = choose_lease(services.log.engine, settings.data / "log.lock")
        keys = await ensure_log(lease, log, services)
        async with (
            hold_log(lease, log),
            serving(services),
            httpx2.AsyncClient(base_url=settings.base_url, timeout=PATIENCE) as http,
        ):
            signs = Checkpointer(services.log.engine, log, keys)
            sequencer = Sequencer(
                services.database, log, settings.data / "spool", signs, services.clock, sign_every=0
            )
            trail = cls(services, sequencer, keys.signer.vkey, http)
            await trail.populate()
            await trail.settle()
            yield trail
        await built.close()  # and not the decider, which is everybody's

    async def populate(self) -> None:
        """Fill the tables with people, teams and routes."""
        now = self.services.clock()
        teams = {name: Team(name=name, created=now) for name in ("retail", "risk", "vision")}
        models = [a_model(teams["risk"], "credit-default", now), a_model(teams["vision"], "digits", now)]
        routes = [Route(name=f"{one.namespace}.{one.name}", model_id=one.id, created=now) for one in models]
        people = {name: Person(created=now) for name in DEMO_PEOPLE}
        await self.add(*people.values(), *teams.values())
        await self.add(*models)
        await self.add(*routes, *(row for name, one in people.items() for row in self._described(name, one)))
        await self.add(
            Membership(
                person_id=people["member"].id,
                team_id=teams["retail"].id,
                role=TeamRole.MEMBER,
                managed_by=Source.CLAIM,
            )
        )
        self.people = {name: one.id for name, one in people.items()}
        self.routes = {one.name: one.id for one in routes}

    def _described(self, name: str, person: Person) -> list[SQLModel]:
        known = DEMO_PEOPLE[name]
        issuer = dev_issuer(self.services.settings)
        rows: list[SQLModel] = [
            Profile(person_id=person.id, handle=name, name=known.name),
            Identity(issuer=issuer, subject=known.subject, person_id=person.id),
        ]
        if name in ROLES:
            rows.append(RoleAssignment(person_id=person.id, role=ROLES[name], managed_by=Source.CLAIM))
        return rows

    async def add(self, *rows: SQLModel) -> None:
        async with self.services.database.write() as session:
            session.add_all(rows)

    async def happen(
        self,
        *,
        actor: str = "member",
        route: str = "risk.credit-default",
        action: Action = Action.MODEL_INVOKE,
        outcome: Outcome = Outcome.SUCCESS,
        reasons: Sequence[str] = (),
        event_id: UUID | None = None,
        at: int | None = None,
    ) -> UUID:
        """Put an act on its way to the log, with a part about the actor and one about nobody."""
        subject = self.people[actor]
        event = Event(
            id=event_id or uuid7(),
            action=action,
            actor=subject,
            outcome=outcome,
            reasons=tuple(reasons),
            resource=Resource(type="route", id=self.routes[route]),
            parts=(
                Part(name="call", subject=None, content={"route": route}),
                Part(name="actor", subject=subject, content={"interface": "api"}),
            ),
        )
        now = at or self.services.clock()
        async with self.services.database.write() as session:
            keys = await self.services.keys.ensure(part.subject for part in event.parts)
            await outbox.append(session, seal(event, time=now, keys=keys))
        return event.id

    async def happen_often(self, times: int) -> None:
        """Put many calls on their way in one transaction."""
        now, actor = self.services.clock(), self.people["member"]
        async with self.services.database.write() as session:
            for _ in range(times):
                event = Event(action=Action.MODEL_INVOKE, actor=actor)
                await outbox.append(session, seal(event, time=now, keys=MemoryKeyRing()))

    async def settle(self) -> None:
        """Let the worker log and sign everything that waits."""
        while await self.sequencer.run_once():
            pass
        await self.sequencer.sign()

    def token(self, person: str) -> str:
        settings = self.services.settings
        key = settings.data / "dev-idp.key"
        return issue_token(key, dev_issuer(settings), person, step_up=False, now=self.services.clock())

    async def get(self, person: str, path: str, **params: str | int) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.token(person)}"}
        return await self.http.get(path, headers=headers, params=params)

    async def post(self, person: str, path: str) -> httpx2.Response:
        return await self.http.post(path, headers={"Authorization": f"Bearer {self.token(person)}"})


def a_model(team: Team, name: str, now: int) -> Model:
    return Model(
        team_id=team.id,
        namespace=team.name,
        name=name,
        title=name,
        summary=name,
        task="classification",
        purpose="tests",
        card="{}",
        visibility=Visibility.LISTED,
        tier=Tier.LOW,
        data_class=DataClass.INTERNAL,
        created=now,
    )


@asynccontextmanager
async def serving(services: Services) -> AsyncIterator[None]:
    """Serve the trail's two doors and the development provider on the settings' port."""
    settings = services.settings
    console, provider = doors(services), dev_provider(services)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        chosen = provider if str(scope.get("path", "")).startswith("/dev-idp") else console
        await chosen(scope, receive, send)

    # Never the first to close a kept connection: a client that is let run late would meet the end of it.
    port = settings.server.port
    config = uvicorn.Config(app, port=port, log_level="warning", ws="none", timeout_keep_alive=600)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    async with asyncio.timeout(PATIENCE):
        while not server.started:  # noqa: ASYNC110 - uvicorn only sets a flag
            await asyncio.sleep(0.01)
    write_run_file(settings)
    try:
        yield
    finally:
        server.should_exit = True
        await running


def doors(services: Services) -> Litestar:
    bearer, work = [DefineMiddleware(BearerAuthentication)], Provide(provide_api_work, sync_to_thread=False)
    return Litestar(
        [
            Router("/api/v1", route_handlers=API, middleware=bearer, dependencies={"work": work}),
            log_router(services.settings),
        ],
        state=State({"services": services}),
        dependencies={"services": Provide(provide_services, sync_to_thread=False)},
        guards=[require_declared],
        exception_handlers={ConsoleError: answer},
        openapi_config=None,
        logging_config=None,
    )


def answer(_request: Request, error: ConsoleError) -> Response[object]:  # type: ignore[type-arg]
    return Response(problem(error), status_code=error.status)
