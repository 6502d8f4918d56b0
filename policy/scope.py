"""Which rows of a list a subject may see: alternatives of conditions, compiled to SQL or applied to a row."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from policy.errors import MalformedScopeError

Value: TypeAlias = str | int | tuple[str | int, ...]


class Operator(StrEnum):
    """How a condition compares."""

    EQ = "eq"
    IN = "in"
    PREFIX = "prefix"


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of a field with a value."""

    field: str
    op: Operator
    value: Value

    def holds(self, found: object) -> bool:
        """Whether a row whose field is ``found`` fulfils the condition."""
        if isinstance(self.value, tuple):
            return found in self.value
        if self.op is Operator.PREFIX:
            return isinstance(found, str) and found.startswith(str(self.value))
        return found == self.value


@dataclass(frozen=True, slots=True)
class Scope:
    """Alternatives, each a conjunction. No alternative: no row. An empty conjunction: every row."""

    alternatives: tuple[tuple[Condition, ...], ...] = ()

    def document(self) -> dict[str, object]:
        """Return the JSON form ``{"any": [{"all": [{"field", "op", "value"}]}]}``."""
        return {
            "any": [{"all": [_condition_document(part) for part in parts]} for parts in self.alternatives]
        }

    def includes(self, row: Mapping[str, object]) -> bool:
        """Whether the row, by field name, is in the scope. A field the row lacks fulfils nothing."""
        return any(all(part.holds(row.get(part.field)) for part in parts) for parts in self.alternatives)


def read_scope(document: object) -> Scope:
    """Read a scope from its JSON form; ``{}`` is the empty scope.

    Raises:
        MalformedScopeError: the document has another shape.
    """
    if document == {}:
        return Scope()
    if not isinstance(document, Mapping) or set(document) != {"any"} or not isinstance(document["any"], list):
        raise MalformedScopeError("A scope is a list of alternatives under 'any'.")
    return Scope(tuple(_read_alternative(entry) for entry in document["any"]))


def compile(scope: Scope, columns: Mapping[str, ColumnElement[object]]) -> ColumnElement[bool]:  # noqa: A001 - the agreed name
    """Turn a scope into a WHERE clause with bound parameters.

    ``columns`` is the whitelist: field name to column.

    Raises:
        MalformedScopeError: a field is not in ``columns``, or a value does not fit its column.
    """
    clauses = [_compile_alternative(parts, columns) for parts in scope.alternatives]
    return sa.or_(sa.false(), *clauses)


def _compile_alternative(
    parts: tuple[Condition, ...], columns: Mapping[str, ColumnElement[object]]
) -> ColumnElement[bool]:
    return sa.and_(sa.true(), *(_compile_condition(part, columns) for part in parts))


def _compile_condition(part: Condition, columns: Mapping[str, ColumnElement[object]]) -> ColumnElement[bool]:
    column = columns.get(part.field)
    if column is None:
        raise MalformedScopeError(f"A scope may not name the field {part.field!r}.")
    if isinstance(part.value, tuple):
        return column.in_(_padded([_fit(value, column) for value in part.value]))
    if part.op is Operator.PREFIX:
        # LIKE ignores case in SQLite, and % and _ in a value would match anything.
        return sa.func.substr(column, 1, len(str(part.value))) == part.value
    return column == _fit(part.value, column)


def _padded(values: list[object]) -> list[object]:
    """Return the values with the last of them repeated until their number is a power of two.

    A statement has a place for each: a database prepares a few statements then, and not one for every number.
    """
    return values + values[-1:] * ((1 << (len(values) - 1).bit_length()) - len(values)) if values else values


def _fit(value: str | int, column: ColumnElement[object]) -> object:
    if not isinstance(column.type, sa.Uuid):
        return value
    try:
        return UUID(str(value))
    except ValueError:
        raise MalformedScopeError("A scope compares an id with something that is none.") from None


def _read_alternative(entry: object) -> tuple[Condition, ...]:
    if not isinstance(entry, Mapping) or set(entry) != {"all"} or not isinstance(entry["all"], list):
        raise MalformedScopeError("An alternative is a list of conditions under 'all'.")
    return tuple(_read_condition(part) for part in entry["all"])


def _read_condition(part: object) -> Condition:
    if not isinstance(part, Mapping) or set(part) != {"field", "op", "value"}:
        raise MalformedScopeError("A condition is field, op and value.")
    field, op, value = part["field"], part["op"], part["value"]
    if not isinstance(field, str) or op not in list(Operator):
        raise MalformedScopeError("A condition names a field and a known operator.")
    return Condition(field, Operator(op), _read_value(Operator(op), value))


def _read_value(op: Operator, value: object) -> Value:
    if op is Operator.IN and isinstance(value, list):
        return tuple(_read_scalar(item) for item in value)
    if op is Operator.PREFIX and (not isinstance(value, str) or value == ""):
        raise MalformedScopeError("A prefix is text that is not empty.")
    return _read_scalar(value)


def _read_scalar(value: object) -> str | int:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise MalformedScopeError("A condition compares with text or an integer.")
    return value


def _condition_document(part: Condition) -> dict[str, object]:
    value = list(part.value) if isinstance(part.value, tuple) else part.value
    return {"field": part.field, "op": part.op.value, "value": value}
