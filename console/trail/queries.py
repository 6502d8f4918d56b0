"""Reads of the log. Every read is recorded before anything is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import sqlalchemy as sa

from audit.event import Part
from audit.events import Action
from audit.head import Head, format_time
from audit.models import entry
from audit.query import QueryError, Term, condition, parse, resolve, show
from console.errors import InvalidInputError
from console.questions import Resource
from console.trail.forms import ActorRead, EventRead, ResourceRead
from console.trail.names import Names, TrailLookup, read_names, tell
from console.trail.reach import Reach, read_reach
from console.web.pagination import PAGE_SIZE, Key, KeysetPage, cut_page
from console.work import UnitOfWork
from policy.permissions import Permission

Order = Literal["newest", "oldest"]
LARGEST_INDEX: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Search:
    """What an auditor asks: `field:value` pairs, and whether the newest or the oldest come first.

    Without an order, the newest come first; one access request is told from its beginning.
    """

    text: str = ""
    order: Order | None = None

    def order_for(self, terms: Sequence[Term]) -> Order:
        """Return the order to answer in."""
        told = any(term.field == "request" for term in terms)
        return self.order or ("oldest" if told else "newest")


async def search_events(
    work: UnitOfWork, wanted: Search, after: Key | None, size: int = PAGE_SIZE
) -> KeysetPage[EventRead]:
    """Return one page of the entries that match and that the principal may read, by index.

    Raises:
        RefusedError: the principal audits nothing.
        InvalidInputError: the query or the cursor cannot be understood; the query's column is named.
    """
    await work.authorize(Permission.AUDIT_READ, Resource("audit"))
    place = _place(after)
    reach = await read_reach(work)
    terms = await _read_terms(work, wanted.text, reach)
    order = wanted.order_for(terms)
    # Ids in the place of names: the record must not keep what erasing a person takes away.
    await record_read(work, Resource("audit"), {"q": show(terms), "order": order})
    matching = sa.and_(reach.condition, *map(condition, terms))
    by_time = any(term.field == "time" for term in terms)
    rows = await _select(work, matching, Sorting(order, by_time=by_time), place, size + 1)
    heads = [Head.parse(bytes(row["head"])) for row in rows]
    async with work.read() as session:
        names = await read_names(session, heads)
    items = [event_read(row["index"], head, names) for row, head in zip(rows, heads, strict=True)]
    return cut_page(items, lambda item: (item.index,), size)


async def record_read(work: UnitOfWork, resource: Resource, content: Mapping[str, object]) -> None:
    """Record that the log was read: what was asked is a part of the entry."""
    async with work.write():
        await work.record(
            Action.AUDIT_READ,
            resource=resource,
            parts=[Part(name="query", subject=None, content=content)],
        )


def event_read(index: int, head: Head, names: Names) -> EventRead:
    """Return an entry as people and programs read it."""
    return EventRead(
        id=head.id,
        index=index,
        time=format_time(head.time),
        action=head.action,
        outcome=head.outcome.value,
        reasons=list(head.reasons),
        actor=ActorRead(id=head.actor, name=names.people.get(head.actor)) if head.actor else None,
        resource=_resource_read(head, names),
        request=head.request,
        grant=head.grant,
        decision=head.decision,
        sentence=tell(head, names),
    )


def _resource_read(head: Head, names: Names) -> ResourceRead | None:
    if head.resource is None:
        return None
    place = head.resource.id
    return ResourceRead(type=head.resource.type, id=place, name=names.routes.get(place) if place else None)


def _place(after: Key | None) -> int | None:
    if after is None:
        return None
    index = after[0]
    if not isinstance(index, int) or not 0 <= index <= LARGEST_INDEX:
        sentence = "The page marker in the address is not valid."
        raise InvalidInputError(sentence, ("invalid_cursor",), {"after": sentence})
    return index


async def _read_terms(work: UnitOfWork, text: str, reach: Reach) -> tuple[Term, ...]:
    try:
        terms = parse(text)
        async with work.read() as session:
            return await resolve(terms, TrailLookup(session, reach.routes))
    except QueryError as error:
        reasons = ("invalid_query", f"column:{error.column}")
        raise InvalidInputError("This query cannot be answered.", reasons, {"q": str(error)}) from None


@dataclass(frozen=True, slots=True)
class Sorting:
    """By place in the log; where a time is asked by time first: its index then answers without sorting."""

    order: Order
    by_time: bool

    def sort(self, chosen: sa.Select[Any]) -> sa.Select[Any]:
        """Put the rows in order."""
        columns = (entry.c.time, entry.c.index) if self.by_time else (entry.c.index,)
        return chosen.order_by(*(one.desc() if self.order == "newest" else one for one in columns))

    def behind(self, place: int) -> sa.ColumnElement[bool]:
        """Return the condition of what comes after the entry at `place`."""
        here: sa.ColumnElement[Any] = entry.c.index
        there: sa.ColumnElement[Any] = sa.literal(place)
        if self.by_time:
            time = sa.select(entry.c.time).where(entry.c.index == place).scalar_subquery()
            here, there = sa.tuple_(entry.c.time, here), sa.tuple_(time, there)
        return here < there if self.order == "newest" else here > there


def page_of(
    matching: sa.ColumnElement[bool], order: Sorting, after: int | None, limit: int
) -> sa.Select[Any]:
    """Return the query for the entries behind the one at `after`; answered by the index of what is asked."""
    chosen = sa.select(entry.c.index, entry.c.head).where(matching)
    if after is not None:
        chosen = chosen.where(order.behind(after))
    return order.sort(chosen).limit(limit)


async def _select(
    work: UnitOfWork, matching: sa.ColumnElement[bool], order: Sorting, after: int | None, limit: int
) -> Sequence[sa.RowMapping]:
    async with work.services.log.engine.connect() as connection:
        found: Sequence[sa.RowMapping] = (
            (await connection.execute(page_of(matching, order, after, limit))).mappings().all()
        )
    return found
