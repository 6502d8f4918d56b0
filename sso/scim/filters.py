"""Filters as SQL, as far as columns go: which rows can match at all. The library then decides each of them.

What this returns holds for every row that matches; it may hold for others too.
"""

from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from scim2_models.path import CompareOperator, Comparison, FilterNode, LogicalExpr, LogicalOperator, ValuePath
from sqlmodel import col

from sso.models.scim import ScimGroup, ScimMember, ScimUser
from sso.scim.resources import key_of

Condition = sa.ColumnElement[bool]
_SCHEMAS: Final = {
    None: (ScimUser, ScimGroup),
    "urn:ietf:params:scim:schemas:core:2.0:user": (ScimUser,),
    "urn:ietf:params:scim:schemas:core:2.0:group": (ScimGroup,),
}


def narrow(table: type[ScimUser | ScimGroup], node: FilterNode) -> Condition | None:
    """Return a condition every matching row of `table` meets; None where the columns know nothing of it."""
    if isinstance(node, LogicalExpr):
        return _terms(table, node)
    if isinstance(node, ValuePath):
        return _member(table, node.attr_path.attr, node.val_filter)
    if isinstance(node, Comparison) and node.op is CompareOperator.eq and isinstance(node.value, str):
        return _equal(table, node, node.value)
    return None


def _terms(table: type[ScimUser | ScimGroup], node: LogicalExpr) -> Condition | None:
    found = [narrow(table, term) for term in node.terms]
    known = [one for one in found if one is not None]
    if node.op is LogicalOperator.and_:
        return sa.and_(*known) if known else None
    return sa.or_(*known) if len(known) == len(found) else None


def _equal(table: type[ScimUser | ScimGroup], node: Comparison, value: str) -> Condition | None:
    path = node.attr_path
    if table not in _SCHEMAS.get(path.uri.lower() if path.uri else None, ()):
        return None
    name = path.attr.lower()
    if name == "members" and (path.sub_attr or "value").lower() == "value":
        return _in_group(table, value)
    return None if path.sub_attr else _column(table, name, value)


def _column(table: type[ScimUser | ScimGroup], name: str, value: str) -> Condition | None:
    if name == "id":
        return _is_id(table.id, value)
    if name == "externalid":
        return col(table.external_id) == value
    if name == "username" and table is ScimUser:
        return col(ScimUser.user_key) == key_of(value)
    return None


def _member(table: type[ScimUser | ScimGroup], attribute: str, node: FilterNode) -> Condition | None:
    plain = isinstance(node, Comparison) and node.op is CompareOperator.eq and isinstance(node.value, str)
    if attribute.lower() != "members" or not plain or not isinstance(node, Comparison):
        return None
    return _in_group(table, node.value) if node.attr_path.attr.lower() == "value" else None


def _in_group(table: type[ScimUser | ScimGroup], value: str) -> Condition | None:
    if table is not ScimGroup:
        return None
    of_user = sa.select(col(ScimMember.group_id)).where(_is_id(ScimMember.user_id, value))
    return col(ScimGroup.id).in_(of_user)


def _is_id(column: Any, value: str) -> Condition:  # noqa: ANN401 - a mapped column, which SQLModel types by value
    try:
        return col(column) == UUID(value)
    except ValueError:
        return sa.false()
