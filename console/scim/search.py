"""Searches: what columns can say is asked of the database, and the library decides the rest row by row."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import sqlalchemy as sa
from scim2_models import Resource, ScimFilter, SearchRequest, TooManyException
from scim2_server.storage import SearchPage
from scim2_server.utils import parametrize
from sqlmodel import col, func, select

from console.scim.desk import Desk
from console.scim.reading import load_groups, load_users
from sso.models import ScimGroup, ScimUser
from sso.scim.filters import Condition, narrow

CANDIDATES: Final = 5_000
"""How many rows are looked at one by one before a filter is refused as too wide."""
Table = type[ScimUser] | type[ScimGroup]
TABLES: Final[dict[str, Table]] = {"User": ScimUser, "Group": ScimGroup}


async def find_page(desk: Desk, types: Sequence[str], request: SearchRequest[Any]) -> SearchPage:
    """Return the page a search asks for, and how many match in all.

    Raises:
        TooManyException: too many rows would have to be looked at.
    """
    tables = [TABLES[name] for name in types]
    if len(tables) == 1 and request.filter is None and request.sort_by is None:
        return await _plain_page(desk, tables[0], request)
    found = [one for table in tables for one in await _matching(desk, table, request.filter)]
    ordered = request.sort(found) if request.sort_by is not None else found
    start = request.start_index_0 or 0
    stop = None if request.count is None else start + request.count
    return SearchPage(len(ordered), ordered[start:stop])


async def _plain_page(desk: Desk, table: Table, request: SearchRequest[Any]) -> SearchPage:
    own = col(table.issuer) == desk.issuer
    total = (await desk.session.exec(select(func.count()).select_from(table).where(own))).one()
    query = select(table).where(own).order_by(col(table.id)).offset(request.start_index_0 or 0)
    rows = (await desk.session.exec(query.limit(request.count))).all() if request.count != 0 else []
    return SearchPage(total, await _load(desk, table, rows))


async def _matching(desk: Desk, table: Table, wanted: ScimFilter[Any] | None) -> list[Resource[Any]]:
    narrowed = None if wanted is None else narrow(table, wanted.ast)
    rows = await _candidates(desk, table, narrowed)
    loaded = await _load(desk, table, rows)
    if wanted is None or not loaded:
        return loaded
    own = parametrize(ScimFilter, type(loaded[0]))(str(wanted)) if len(wanted.models) != 1 else wanted
    return [one for one in loaded if own.match(one)]


async def _candidates(desk: Desk, table: Table, narrowed: Condition | None) -> Sequence[Any]:
    conditions = [col(table.issuer) == desk.issuer, *([] if narrowed is None else [narrowed])]
    query = select(table).where(sa.and_(*conditions)).order_by(col(table.id)).limit(CANDIDATES + 1)
    rows = (await desk.session.exec(query)).all()
    if len(rows) > CANDIDATES:
        raise TooManyException(detail="Ask by userName, externalId, id or members, or page without a filter.")
    return rows


async def _load(desk: Desk, table: Table, rows: Sequence[Any]) -> list[Resource[Any]]:
    load: Callable[[Desk, Sequence[Any]], Awaitable[list[Resource[Any]]]]
    load = load_users if table is ScimUser else load_groups
    return await load(desk, rows)
