"""The parse tree of an auditor's query: a tuple of terms that must all hold."""

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from audit.errors import AuditError

PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@-]*")


class QueryError(AuditError):
    """A query that cannot be answered as written.

    Attributes:
        sentence: what is wrong, for the person who typed it.
        column: where, counted in characters from 1.
    """

    def __init__(self, sentence: str, column: int) -> None:
        super().__init__(f"Column {column}: {sentence}")
        self.sentence = sentence
        self.column = column


@dataclass(frozen=True, slots=True)
class Prefix:
    """Every value that begins with ``start``; written ``start*``."""

    start: str


@dataclass(frozen=True, slots=True)
class Name:
    """A person's handle or a route's name: it becomes an id before the log is asked."""

    text: str


@dataclass(frozen=True, slots=True)
class Range:
    """Every value from ``first`` to ``last``, both included; None where an end is open.

    ``text`` is how it is written, ``a..b``.
    """

    first: int | None
    last: int | None
    text: str = dataclasses.field(default="", compare=False)


Value = str | int | UUID | Prefix | Name | Range


@dataclass(frozen=True, slots=True)
class Term:
    """One ``field:value`` pair. The column is for error messages and does not make two terms differ."""

    field: str
    value: Value
    column: int = dataclasses.field(default=1, compare=False)


def show(terms: Sequence[Term]) -> str:
    """Return the text that parses back to ``terms``."""
    return " ".join(f"{term.field}:{_show_value(term)}" for term in terms)


def _show_value(term: Term) -> str:
    value = term.value
    if isinstance(value, Range):
        return value.text if PLAIN.fullmatch(value.text) else quote(value.text)
    if isinstance(value, Prefix):
        return f"{value.start}*"
    text = value.text if isinstance(value, Name) else str(value)
    return text if PLAIN.fullmatch(text) else quote(text)


def quote(text: str) -> str:
    """Return ``text`` as a quoted value."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
