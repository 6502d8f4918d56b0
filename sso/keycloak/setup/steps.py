"""The steps from what a Keycloak has to what the console needs; each is said before it is done."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from keycloak import KeycloakAdmin

from sso.keycloak.connection import ask, ask_if_there
from sso.keycloak.setup import wanted
from sso.keycloak.setup.comparing import differences, mapper_differs, mapper_like
from sso.keycloak.setup.flow import find_flow, make_flow
from sso.keycloak.setup.wanted import Document, Place


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is missing or differs, in a sentence, and how it is mended."""

    said: str
    do: Callable[[], Awaitable[Any]] = field(repr=False)


async def find_steps(admin: KeycloakAdmin, place: Place, proof: str = "password") -> AsyncIterator[Step]:
    """Yield what is to be done, one after the other: later ones may need what earlier ones made.

    Raises:
        DirectoryError: Keycloak refuses, or does not answer.
    """
    realm = await ask_if_there(admin.a_get_realm(place.realm))
    # Of a realm that is not there nothing can be asked: all that follows is missing too.
    there = realm is not None
    yield_steps: list[AsyncIterator[Step]] = [
        _realm(admin, place, realm),
        _flow(admin, proof, there=there),
        _client(admin, wanted.console_client(place), there=there, flow=True),
        _client(admin, wanted.cli_client(), there=there),
        _client(admin, wanted.directory_client(), there=there),
        _organizations(admin, realm or {}),
        _roles(admin, there=there),
    ]
    for steps in yield_steps:
        async for step in steps:
            yield step


async def _realm(admin: KeycloakAdmin, place: Place, realm: Document | None) -> AsyncIterator[Step]:
    if realm is None:
        made = {"realm": place.realm, "enabled": True, **wanted.realm_settings()}
        yield Step(f"The realm {place.realm} is missing.", lambda: ask(admin.a_create_realm(made)))
        return
    needs = dict(differences(realm, wanted.realm_settings()))
    if realm.get("eventsEnabled") and realm.get("eventsExpiration"):
        needs.pop("eventsExpiration", None)  # how long they are kept there is not ours to say
    for name, value in needs.items():
        yield Step(
            f"The realm's setting {name} must be {value}.",
            partial(_update_realm, admin, place.realm, {name: value}),
        )
    if more := wanted.needed_types(realm):
        types = {"enabledEventTypes": [*realm["enabledEventTypes"], *more]}
        yield Step(
            f"The realm does not keep these events: {', '.join(more)}.",
            lambda: ask(admin.a_update_realm(place.realm, types)),
        )


async def _flow(admin: KeycloakAdmin, proof: str, *, there: bool) -> AsyncIterator[Step]:
    if not there or await find_flow(admin) is None:
        yield Step(
            f"The sign-in flow “{wanted.FLOW}” for our client alone is missing.",
            lambda: make_flow(admin, proof),
        )


async def _client(
    admin: KeycloakAdmin, document: Document, *, there: bool, flow: bool = False
) -> AsyncIterator[Step]:
    client_id = document["clientId"]

    async def bound() -> Document:
        # The flow's id is known only once it is made.
        override = {"authenticationFlowBindingOverrides": {"browser": await find_flow(admin) or ""}}
        return {**document, **override} if flow else document

    async def create() -> None:
        await ask(admin.a_create_client(await bound()))

    found = await find_client(admin, client_id) if there else None
    if found is None:
        yield Step(f"The client {client_id} is missing.", create)
        return
    for name, value in differences(found, await bound()):
        found = {**found, name: value}
        yield Step(
            f"The client {client_id} needs {name}: {_short(value)}.",
            partial(_update_client, admin, found),
        )
    for step in _mappers(admin, found, document["protocolMappers"]):
        yield step


def _mappers(admin: KeycloakAdmin, found: Document, mappers: Sequence[Document]) -> list[Step]:
    steps = []
    for mapper in mappers:
        has, client = mapper_like(found, mapper), found["clientId"]
        if has is None:
            said = f"The client {client} lacks the mapper “{mapper['name']}”."
            steps.append(Step(said, partial(_add_mapper, admin, found["id"], mapper)))
        elif mapper_differs(has, mapper):
            said = f"The mapper “{has['name']}” of {client} does something else than needed."
            mended = {**has, "config": {**has["config"], **_without_audience(mapper["config"])}}
            steps.append(
                Step(
                    said,
                    partial(_update_mapper, admin, found["id"], mended),
                )
            )
    return steps


async def _organizations(admin: KeycloakAdmin, realm: Document) -> AsyncIterator[Step]:
    """Let our client ask for the claim of organisations, in a realm that has some."""
    if not realm.get("organizationsEnabled"):
        return
    client = await ask(admin.a_get_client_id(wanted.CONSOLE))
    scope = await ask(admin.a_get_client_scope_by_name(wanted.ORGANIZATION))
    if client is None or scope is None:
        return
    given = await ask(admin.a_get_client_optional_client_scopes(client))
    given += await ask(admin.a_get_client_default_client_scopes(client))
    if scope["id"] not in {one["id"] for one in given}:
        yield Step(
            f"The client {wanted.CONSOLE} may not ask for the scope {wanted.ORGANIZATION}.",
            lambda: ask(admin.a_add_client_optional_client_scope(client, scope["id"], {})),
        )


async def _roles(admin: KeycloakAdmin, *, there: bool) -> AsyncIterator[Step]:
    lacking = await missing_roles(admin) if there else list(wanted.ROLES)
    if lacking:

        async def give() -> None:
            client, account = await _management(admin), await _account(admin)
            roles = [await ask(admin.a_get_client_role(client, name)) for name in lacking]
            await ask(admin.a_assign_client_role(account, client, roles))

        yield Step(f"The client {wanted.DIRECTORY} lacks the roles {', '.join(lacking)}.", give)


async def missing_roles(admin: KeycloakAdmin) -> list[str]:
    """Return the roles our reading client still needs."""
    if await find_client(admin, wanted.DIRECTORY) is None:
        return list(wanted.ROLES)
    held = await ask(admin.a_get_client_roles_of_user(await _account(admin), await _management(admin)))
    return sorted(set(wanted.ROLES) - {role["name"] for role in held})


async def _update_realm(admin: KeycloakAdmin, realm: str, change: Document) -> None:
    await ask(admin.a_update_realm(realm, change))


async def _update_client(admin: KeycloakAdmin, changed: Document) -> None:
    await ask(admin.a_update_client(changed["id"], changed))


async def _add_mapper(admin: KeycloakAdmin, client: str, mapper: Document) -> None:
    await ask(admin.a_add_mapper_to_client(client, mapper))


async def _update_mapper(admin: KeycloakAdmin, client: str, mapper: Document) -> None:
    await ask(admin.a_update_client_mapper(client, mapper["id"], mapper))


async def find_client(admin: KeycloakAdmin, client_id: str) -> Document | None:
    """Return a client as it is, mappers and all."""
    found = await ask(admin.a_get_client_id(client_id))
    return None if found is None else await ask(admin.a_get_client(found))


async def read_secret(admin: KeycloakAdmin, client_id: str) -> str:
    """Return a client's secret, to be put into a file."""
    client = await ask(admin.a_get_client_id(client_id))
    return str((await ask(admin.a_get_client_secrets(client or "")))["value"])


async def _management(admin: KeycloakAdmin) -> str:
    return str(await ask(admin.a_get_client_id("realm-management")))


async def _account(admin: KeycloakAdmin) -> str:
    client = await ask(admin.a_get_client_id(wanted.DIRECTORY))
    return str((await ask(admin.a_get_client_service_account_user(client or "")))["id"])


def _without_audience(config: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in config.items() if name != "included.custom.audience"}


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 200 else f"{text[:200]}…"  # noqa: PLR2004 - a line
