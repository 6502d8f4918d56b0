"""Lists of the access area as their pages show them."""

from collections.abc import Sequence
from dataclasses import dataclass

from console.access.forms import GrantRead, RequestItem
from console.access.grants import list_grants
from console.access.queries import RequestFilter, list_requests
from console.catalog.forms import Reason
from console.web.forms import Form
from console.web.listing import cursor
from console.web.pagination import next_href
from console.work import UnitOfWork
from sso.rights import rights_of

QUEUE = 200


@dataclass(frozen=True, slots=True)
class RequestList:
    """One page of requests, newest first."""

    items: Sequence[RequestItem]
    more: str | None


@dataclass(frozen=True, slots=True)
class ReviewQueue:
    """What waits for an answer, oldest first; `everything` shows all readable requests instead.

    `owns` says that there are teams whose grants this person looks after.
    """

    items: Sequence[RequestItem]
    more: str | None
    everything: bool
    owns: bool


@dataclass(frozen=True, slots=True)
class GrantList:
    """One page of grants on routes of one's teams; `form` belongs to the grant `revoking`, by id.

    `may_revoke` are the teams whose grants this person may end.
    """

    items: Sequence[GrantRead]
    more: str | None
    everything: bool
    may_revoke: frozenset[str]
    revoking: str
    form: Form[Reason]
    untouched: Form[Reason]


async def open_requests(work: UnitOfWork, after: str) -> RequestList:
    """Return one's own requests."""
    page = await list_requests(work, RequestFilter(own=True), cursor(after, 1))
    return RequestList(page.items, next_href("/requests", (), page))


async def open_queue(work: UnitOfWork, after: str, *, everything: bool) -> ReviewQueue:
    """Return what waits for the caller's answer, or every request the caller may read."""
    async with work.read() as session:
        owns = bool((await rights_of(session, work.principal.id)).owner_of)
    if not everything:
        waiting = await list_requests(work, RequestFilter(asked=True), None, QUEUE)
        return ReviewQueue(list(reversed(waiting.items)), None, everything=False, owns=owns)
    page = await list_requests(work, RequestFilter(), cursor(after, 1))
    return ReviewQueue(page.items, next_href("/reviews", [("show", "all")], page), everything=True, owns=owns)


async def open_grants(
    work: UnitOfWork,
    after: str,
    *,
    everything: bool,
    revoking: str = "",
    form: Form[Reason] | None = None,
) -> GrantList:
    """Return one page of grants, those that count now or all."""
    async with work.read() as session:
        rights = await rights_of(session, work.principal.id)
    page = await list_grants(work, active=not everything, after=cursor(after, 1))
    shown = [("show", "all")] if everything else []
    return GrantList(
        items=page.items,
        more=next_href("/grants", shown, page),
        everything=everything,
        may_revoke=frozenset(rights.owner_of),
        revoking=revoking,
        form=form or Form(),
        untouched=Form(),
    )
