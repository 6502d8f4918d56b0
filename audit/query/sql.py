"""From terms to one SELECT over the log's entries."""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from audit.models import entry
from audit.query.fields import FIELDS
from audit.query.tree import Name, Prefix, Range, Term


def select_entries(terms: Sequence[Term], *, before: int | None = None, limit: int) -> sa.Select[Any]:
    """Return the query for entries that match every term, newest first.

    Args:
        terms: resolved terms (:func:`audit.query.resolve.resolve`).
        before: only entries with a smaller index; the ``index`` of the last row gives the next page.
        limit: how many rows at most.

    Raises:
        TypeError: a name was not resolved.
    """
    statement = sa.select(entry).where(*(condition(term) for term in terms))
    if before is not None:
        statement = statement.where(entry.c.index < before)
    return statement.order_by(entry.c.index.desc()).limit(limit)


def condition(term: Term) -> sa.ColumnElement[bool]:
    """Return the condition of one term; its value is always a bound parameter."""
    column = entry.c[FIELDS[term.field].column]
    if isinstance(term.value, Name):
        raise TypeError(f"The name in {term.field} was not resolved.")
    if isinstance(term.value, Prefix):
        return column.startswith(term.value.start, autoescape=True)
    if isinstance(term.value, Range):
        return sa.and_(*_bounds(column, term.value))
    return column == term.value


def _bounds(column: sa.Column[Any], wanted: Range) -> Iterator[sa.ColumnElement[bool]]:
    if wanted.first is not None:
        yield column >= wanted.first
    if wanted.last is not None:
        yield column <= wanted.last
