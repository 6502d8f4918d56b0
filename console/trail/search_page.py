"""The trail as its page shows it: the query is the address, each of its terms a chip that can be removed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from audit.query import FIELDS, QueryError, Term, parse, show
from console.errors import InvalidInputError
from console.trail.forms import EventRead
from console.trail.queries import Search, search_events
from console.web.listing import cursor
from console.web.pagination import next_href
from console.work import UnitOfWork

PATH: Final = "/audit"
EXAMPLES: Final = (
    ("Calls that were refused", "action:model.invoke outcome:denied"),
    ("Requests for access, and their answers", "action:access_request.*"),
    ("Grants given and revoked", "action:grant.*"),
    ("Changes of roles", "action:role.*"),
    ("Sign-ins that were refused", "action:session.refuse"),
    ("Who read the log", "action:audit.read"),
)


@dataclass(frozen=True, slots=True)
class Chip:
    """One term of the query, and the address without it."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Trail:
    """What the trail page shows; `error` says what is wrong with the query and at which column."""

    q: str
    chips: Sequence[Chip]
    items: Sequence[EventRead]
    more: str | None
    error: str | None
    examples: Sequence[tuple[str, str]]
    fields: Sequence[tuple[str, str]]


async def open_trail(work: UnitOfWork, text: str, after: str) -> Trail:
    """Return one page of the entries that match, newest first; a bad query comes back as a sentence.

    Raises:
        RefusedError: the principal audits nothing.
    """
    try:
        page = await search_events(work, Search(text), cursor(after, 1))
    except InvalidInputError as error:
        sentence = error.fields.get("q") or error.fields.get("after") or error.detail
        return _trail(text, error=sentence)
    pairs = [("q", text)] if text else []
    return _trail(text, page.items, next_href(PATH, pairs, page))


def _trail(
    text: str, items: Sequence[EventRead] = (), more: str | None = None, error: str | None = None
) -> Trail:
    examples = [(label, href_of(query)) for label, query in EXAMPLES]
    fields = [(name, field.meaning) for name, field in FIELDS.items()]
    return Trail(text, read_chips(text), items, more, error, examples, fields)


def read_chips(text: str) -> list[Chip]:
    """Return a chip for each term of a query."""
    try:
        terms = parse(text)
    except QueryError:
        return []
    return [Chip(show([term]), href_of(_without(terms, place))) for place, term in enumerate(terms)]


def _without(terms: Sequence[Term], place: int) -> str:
    return show([term for at, term in enumerate(terms) if at != place])


def href_of(query: str) -> str:
    """Return the address of a query."""
    return f"{PATH}?{urlencode({'q': query})}" if query else PATH
