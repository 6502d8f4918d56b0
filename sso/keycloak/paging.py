"""Reading lists of Keycloak page by page; a list that does not add up is not believed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final, TypeVar
from urllib.parse import quote

from keycloak import KeycloakAdmin
from keycloak.exceptions import KeycloakGetError, raise_error_from_response

from sso.keycloak.connection import ask

PAGE: Final = 500
LONG_PAGE: Final = 10_000
"""Of people in a role or group: Keycloak passes over all who come before a page, so few cost it least."""
HEAVY_PAGE: Final = 100
"""Of lists whose items cost Keycloak five milliseconds each: a page must come within our five seconds."""
AT_ONCE: Final = 4

Item = dict[str, Any]
Page = Callable[[dict[str, Any]], Awaitable[list[Item]]]
Answer = TypeVar("Answer")


def list_of(admin: KeycloakAdmin, *steps: str) -> Page:
    """Return what reads a page of a list of the realm, by the steps of its address.

    Of some lists python-keycloak reads everything whatever page it is asked for, and with groups it asks for
    the children of each: a large realm would be read many times over.
    """
    inside = (str(admin.connection.realm_name), *steps)
    path = "/".join(["admin/realms", *(quote(step, safe="") for step in inside)])

    async def page(query: dict[str, Any]) -> list[Item]:
        answer = await admin.connection.a_raw_get(path, **query)
        found = raise_error_from_response(answer, KeycloakGetError)
        if not isinstance(found, list):
            raise TypeError(path)
        return found

    return page


async def read_all(page: Page, first: int = 0, size: int = PAGE) -> list[Item]:
    """Return a list of unknown length from its item `first` on: pages of `size` until one is not full."""
    found: list[Item] = []
    while True:
        some = await ask(page({"first": first + len(found), "max": size, "briefRepresentation": "true"}))
        found += some
        if len(some) < size:
            return found


async def read_counted(page: Page, total: int, size: int) -> list[Item]:
    """Return a list of about known length, several pages of `size` at a time; nothing twice."""
    queries = [
        {"first": first, "max": size, "briefRepresentation": "true"} for first in range(0, total + 1, size)
    ]
    pages = await in_parallel([partial(_one_page, page, query) for query in queries])
    # What is longer than it was said to be is read to its end.
    more = await read_all(page, len(queries) * size, size) if len(pages[-1]) == size else []
    return list({item["id"]: item for some in (*pages, more) for item in some}.values())


async def _one_page(page: Page, query: dict[str, Any]) -> list[Item]:
    return await ask(page(query))


async def in_parallel(asked: Sequence[Callable[[], Awaitable[Answer]]]) -> list[Answer]:
    """Return every answer in order, with at most a few questions open at a time.

    Raises:
        DirectoryError: as the first question that fails; the others are dropped.
    """
    free = asyncio.Semaphore(AT_ONCE)

    async def one(question: Callable[[], Awaitable[Answer]]) -> Answer:
        async with free:
            return await question()

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(question)) for question in asked]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]
