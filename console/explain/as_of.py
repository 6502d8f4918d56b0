"""Who could do what at a moment, as known then or later: one page of it, by route and person."""

from collections.abc import Iterator
from itertools import islice
from uuid import UUID

from console.errors import InvalidInputError
from console.explain.asked import Asked, read_asked, read_handles, record_asked
from console.explain.deciding import chosen_bundle
from console.explain.forms import CouldRead
from console.explain.history import Stated
from console.explain.organisation import Organisation, read_organisation
from console.explain.rights import Could, Tables, could
from console.explain.times import read_moment
from console.web.pagination import PAGE_SIZE, Key, KeysetPage, cut_page
from console.work import UnitOfWork
from policy.permissions import Permission
from policy.scope import Scope


async def who_could(
    work: UnitOfWork,
    who: str = "",
    model: str = "",
    verb: str = "invoke",
    *,
    at: str = "",
    known: str = "",
    after: Key | None = None,
    size: int = PAGE_SIZE,
) -> KeysetPage[CouldRead]:
    """Return one page of who could do it, within what the caller may look at.

    Raises:
        RefusedError, NotFoundError: as `read_asked`.
        InvalidInputError: a time or the verb cannot be understood.
    """
    moment = read_moment(at, known, work.now)
    asked = await read_asked(work, who, model, verb)
    scope = await work.scope(Permission.ACCESS_EXPLAIN)
    await record_asked(work, asked, moment)
    async with work.read() as session:
        route = asked.route.route.id if asked.route else None
        bundle = await chosen_bundle(work.services, session, "", moment)
        org = await read_organisation(session, moment, person=asked.person, route=route)
        found = _take(everybody(org, Tables(bundle.files), asked, scope, after), size + 1)
        named = await read_handles(session, [one.person for one in found])
    items = [
        CouldRead(
            person=named[one.person],
            route=one.route.state["name"],
            team=one.team,
            grounds=list(one.grounds),
        )
        for one in found
    ]
    return cut_page(items, lambda item: (item.route, str(item.person.id)), size)


def everybody(
    org: Organisation, tables: Tables, asked: Asked, scope: Scope, after: Key | None
) -> Iterator[Could]:
    """Yield who could, by route name and person, behind a place, within the scope."""
    place = _place(after)
    for route in sorted(org.routes.values(), key=_name):
        if place is not None and _name(route) < place[0]:
            continue
        for one in could(org, tables, asked.action.value, route):
            behind = place is None or (_name(route), one.person) > place
            wanted = asked.person in {None, one.person}
            if behind and wanted and scope.includes({"team": one.team, "person": str(one.person)}):
                yield one


def _name(route: Stated) -> str:
    return str(route.state["name"])


def _place(after: Key | None) -> tuple[str, UUID] | None:
    if after is None:
        return None
    try:
        return str(after[0]), UUID(str(after[1]))
    except ValueError:
        sentence = "The page marker in the address is not valid."
        raise InvalidInputError(sentence, ("invalid_cursor",), {"after": sentence}) from None


def _take(found: Iterator[Could], most: int) -> list[Could]:
    return list(islice(found, most))
