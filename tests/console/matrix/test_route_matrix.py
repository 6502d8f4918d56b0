"""No unguarded door: every route, asked by every kind of caller, answers what the table says (case 49).

A route without a row, and a row without a route, fails. What is asked is whole: the names exist, a body is
one that its model takes, a form carries its session's token, and the sign-in is fresh and strong. So a 403 or
404 is a refusal, and a 4xx of another number says that the caller got past the door.
"""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import httpx2
import pytest

from console.asgi import KnownHosts
from console.break_glass.opening import open_break_glass
from console.break_glass.sealing import seal
from console.serve import own_addresses, surround
from console.services import Services, build
from console.settings import BreakGlassSettings, load_settings
from console.sign_in.providers import dev_issuer
from sso.principal import Principal
from tests.console.begun import sign_in
from tests.console.conftest import Catalog, MovingClock
from tests.console.matrix.actors import ACTORS, Credential, browser_of, token_of
from tests.console.matrix.doors import Door, doors_of
from tests.console.matrix.sent import body_of, form_of
from tests.console.matrix.table import keep_seen, read_table
from tests.console.matrix.world import World, make_world
from tests.console.one_app import built_on, console_on


@dataclass
class Caller:
    """One kind of caller at the whole product."""

    services: Services
    client: httpx2.AsyncClient
    actor: str
    world: World
    clock: MovingClock
    bearer: str | None

    async def knock(self, door: Door) -> int:
        """Return the status that this caller is answered, with a sign-in made for this one request."""
        self.clock.forward(2)  # an end of all sessions refuses what was signed in within the same second
        shown = await self._credential(door)
        headers = {"authorization": f"Bearer {shown.bearer}"} if shown.bearer else {}
        headers |= {"cookie": f"guildhall={shown.cookie}"} if shown.cookie else {}
        sent = await self.client.request(
            door.method, self.world.fill(door.path), headers=headers, **self._sent(door, shown)
        )
        assert sent.status_code in {*range(200, 500), 503}, (door.name, sent.text)
        return sent.status_code

    def _sent(self, door: Door, shown: Credential) -> dict[str, Any]:
        if door.method == "GET":
            return {"params": {"first": 0, "last": 1} if door.path.endswith("/range") else {}}
        if door.is_page:
            return {"data": form_of(door.path) | {"_csrf": shown.csrf}}
        return {"json": body_of(door.body, dev_issuer(self.services.settings))}

    async def _credential(self, door: Door) -> Credential:
        if self.actor in {"anonymous", "key", "break_glass"}:
            return Credential(bearer=self.bearer)
        if door.is_page:
            return await browser_of(self.services, self.actor)
        return Credential(bearer=token_of(self.services, self.actor))


@pytest.fixture
async def caller(  # noqa: PLR0917 - what a whole product is made of
    actor: str,
    services: Services,
    people: dict[str, Principal],
    catalog: Catalog,
    api: httpx2.AsyncClient,
    clock: MovingClock,
) -> Any:
    """This caller before a product in which one of each thing exists."""
    await sign_in(services, "stranger", ())
    bystander = await sign_in(services, "bystander", ())
    tokens = {name: token_of(services, name) for name in people}
    world = await make_world(api, tokens, catalog, bystander.id)
    bearers = {"key": world.ids["bearer"], "break_glass": await _break_glass(services)}
    dispatcher = surround(services, "all", console_on(services))
    app = KnownHosts(dispatcher, *own_addresses(services.settings))
    transport = httpx2.ASGITransport(app=app)
    base = services.settings.base_url
    async with httpx2.AsyncClient(transport=transport, base_url=base, follow_redirects=False) as client:
        yield Caller(services, client, actor, world, clock, bearers.get(actor))


async def _break_glass(services: Services) -> str:
    """Return a sealed credential under which break glass is open."""
    on = services.settings.model_copy(update={"break_glass": BreakGlassSettings(enabled=True)})
    armed = replace(services, settings=on)
    first, _ = [await seal(armed, handle) for handle in ("admin", "reviewer")]
    await open_break_glass(armed, first, "OPS-1")
    return first


@pytest.mark.slow
@pytest.mark.parametrize("actor", ACTORS)
async def test_case_49_every_route_answers_every_caller_as_the_table_says(actor: str, caller: Caller) -> None:
    seen = {door.name: await caller.knock(door) for door in doors_of(built_on(caller.services))}
    keep_seen(actor, seen)
    expected = {door: row[actor] for door, row in read_table().items()}
    assert seen == expected, "read tests/console/matrix/table.py"


def test_case_49_a_route_without_a_row_fails(tmp_path: Any) -> None:
    doors = doors_of(built_on(build(load_settings(data=tmp_path))))
    assert {door.name for door in doors} == set(read_table())


def test_the_ids_of_the_world_are_those_of_addresses() -> None:
    world = World({"person_id": str(UUID(int=1))})
    assert world.fill("/people/{person_id:uuid}/x") == f"/people/{UUID(int=1)}/x"
