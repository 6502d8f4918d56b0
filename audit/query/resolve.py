"""Names in a query become ids, because the log holds references only."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol
from uuid import UUID

from audit.query.tree import Name, QueryError, Term


class Lookup(Protocol):
    """Knows the present ids of names; the caller limits it to what the asking person may know."""

    async def principal(self, handle: str) -> UUID | None:
        """Return the id of the person or service with this handle."""

    async def route(self, name: str) -> UUID | None:
        """Return the id of the route with this name."""


async def resolve(terms: Sequence[Term], lookup: Lookup) -> tuple[Term, ...]:
    """Return ``terms`` with ids in the place of names.

    Raises:
        QueryError: nobody has the handle, or no route the name: an empty answer would be a wrong one.
    """
    return tuple([await _resolve_term(term, lookup) for term in terms])


async def _resolve_term(term: Term, lookup: Lookup) -> Term:
    if not isinstance(term.value, Name):
        return term
    text = term.value.text
    if term.field == "actor":
        found, missing = await lookup.principal(text), f"no person has the handle {text}"
    else:
        found, missing = await lookup.route(text), f"no route has the name {text}"
    if found is None:
        raise QueryError(missing, term.column)
    return replace(term, value=found)
