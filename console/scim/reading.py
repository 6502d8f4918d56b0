"""Users and groups as their directory gets them back."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from scim2_models import Resource
from sqlmodel import col, select

from console.scim.desk import Desk
from sso.models import ScimGroup, ScimMember, ScimUser
from sso.scim.resources import group_resource, user_resource


async def load_user(desk: Desk, row: ScimUser) -> Resource[Any]:
    """Return a user with the groups it is in."""
    if row.id not in desk.groups:
        (found,) = await load_users(desk, [row])
        return found
    return user_resource(row, desk.groups[row.id])


async def load_group(desk: Desk, row: ScimGroup) -> Resource[Any]:
    """Return a group with its members."""
    return group_resource(row, sorted(await members_now(desk, row.id)))


async def load_users(desk: Desk, rows: Sequence[ScimUser]) -> list[Resource[Any]]:
    """Return users in the order of their rows."""
    held = select(ScimMember.user_id, ScimGroup).join(
        ScimGroup, col(ScimGroup.id) == col(ScimMember.group_id)
    )
    query = held.where(col(ScimMember.user_id).in_([row.id for row in rows])).order_by(
        col(ScimGroup.display_name)
    )
    groups = defaultdict[UUID, list[ScimGroup]](list)
    for user_id, group in await desk.session.exec(query):
        groups[user_id].append(group)
    desk.groups.update({row.id: groups[row.id] for row in rows})
    return [user_resource(row, groups[row.id]) for row in rows]


async def load_groups(desk: Desk, rows: Sequence[ScimGroup]) -> list[Resource[Any]]:
    """Return groups in the order of their rows."""
    members = defaultdict[UUID, list[UUID]](list)
    for group_id, user_id in await _memberships(desk, [row.id for row in rows]):
        members[group_id].append(user_id)
    return [group_resource(row, members[row.id]) for row in rows]


async def members_now(desk: Desk, group_id: UUID) -> frozenset[UUID]:
    """Return the ids of the users in a group."""
    if group_id not in desk.members:
        desk.members[group_id] = frozenset(user for _, user in await _memberships(desk, [group_id]))
    return desk.members[group_id]


async def _memberships(desk: Desk, groups: Iterable[UUID]) -> Sequence[tuple[UUID, UUID]]:
    query = select(ScimMember.group_id, ScimMember.user_id).where(col(ScimMember.group_id).in_(list(groups)))
    return (await desk.session.exec(query.order_by(col(ScimMember.user_id)))).all()
