"""The library's storage over our tables: each operation is one transaction, with its records in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from scim2_models import Resource, ResourceType, ResponseParameters, SearchRequest
from scim2_server.storage import AsyncScimStorage, SearchPage

from console.scim import groups, users
from console.scim.desk import Desk, check_version
from console.scim.reading import load_group, load_user
from console.scim.search import find_page
from console.scim.told import telling
from console.work import UnitOfWork
from sso.models import ScimCredential, ScimGroup, ScimUser


class TableStorage(AsyncScimStorage):
    """Users and groups of one directory; `operation` opens and closes the transaction."""

    def __init__(self, work: UnitOfWork, credential: ScimCredential, *, writes: bool) -> None:
        """Work for `credential`, whom `work` has let in; write only when that was asked."""
        self._work, self._credential, self._writes = work, credential, writes
        self._opened: Desk | None = None

    @asynccontextmanager
    async def operation(self) -> AsyncIterator[None]:
        """Enclose one operation: all of it is kept and recorded, or nothing."""
        opening = self._work.write() if self._writes else self._work.read()
        with telling():
            async with opening as session:
                self._opened = Desk(self._work, session, self._credential, self._writes)
                try:
                    yield
                finally:
                    self._opened = None

    async def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,  # noqa: ARG002 - all of it is small
    ) -> Resource[Any]:
        """Return one resource."""
        if resource_type.name == "User":
            return await load_user(self._desk, await self._desk.find(ScimUser, resource_id))
        return await load_group(self._desk, await self._desk.find(ScimGroup, resource_id))

    async def search(
        self,
        resource_types: list[ResourceType],
        search_request: SearchRequest[Any],
        *,
        position: object = None,  # noqa: ARG002 - there are no cursors
    ) -> SearchPage:
        """Return one page."""
        return await find_page(self._desk, [str(one.name) for one in resource_types], search_request)

    async def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        """Keep a new resource."""
        if resource_type.name == "User":
            return await load_user(self._desk, await users.create(self._desk, resource))
        return await load_group(self._desk, await groups.create(self._desk, resource))

    async def update(
        self, resource_type: ResourceType, resource: Resource[Any], *, expected_version: str | None = None
    ) -> Resource[Any]:
        """Take over the whole new state of a resource."""
        if resource_type.name == "User":
            user = await self._desk.find(ScimUser, str(resource.id))
            check_version(user, expected_version)
            await users.update(self._desk, user, resource)
            return await load_user(self._desk, user)
        group = await self._desk.find(ScimGroup, str(resource.id))
        check_version(group, expected_version)
        await groups.update(self._desk, group, resource)
        return await load_group(self._desk, group)

    async def delete(
        self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None
    ) -> None:
        """Let a resource go."""
        if resource_type.name == "User":
            user = await self._desk.find(ScimUser, resource_id)
            check_version(user, expected_version)
            await users.remove(self._desk, user)
            return
        group = await self._desk.find(ScimGroup, resource_id)
        check_version(group, expected_version)
        await groups.remove(self._desk, group)

    @property
    def _desk(self) -> Desk:
        if self._opened is None:
            raise RuntimeError("A SCIM operation opens its transaction first.")
        return self._opened
