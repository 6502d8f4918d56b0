"""Groups a directory writes, and the teams they become where its credential says so."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from scim2_models import InvalidValueException, UniquenessException
from scim2_models import Resource as ScimResource
from sqlmodel import col, delete, select

from audit.event import Part
from audit.events import Action
from console.questions import Resource
from console.rows import team_row
from console.scim.desk import Desk
from console.scim.reading import members_now
from console.scim.rights import is_mapped, settle_rights
from sso.models import GroupsAs, ScimGroup, ScimMember, ScimTeam, ScimUser, Team
from sso.scim.names import team_name
from sso.scim.resources import members_of, write_group


async def create(desk: Desk, resource: ScimResource[Any]) -> ScimGroup:
    """Keep a new group and its members.

    Raises:
        UniquenessException: it would take the place of a team that was not made for it.
        InvalidValueException: a member is nobody here.
    """
    now = desk.work.now
    group = ScimGroup(issuer=desk.issuer, display_name="", created=now, modified=now)
    write_group(group, resource)
    if desk.credential.groups_as is GroupsAs.TEAMS and not await is_mapped(desk, group):
        group.team_id = await _team(desk, group)
    desk.session.add(group)
    await desk.session.flush()
    desk.members[group.id] = frozenset()
    changed = await _set_members(desk, group, members_of(resource))
    await settle_rights(desk, await _people(desk, changed))
    await _record(desk, Action.SCIM_GROUP_CREATE, group, len(changed))
    return group


async def update(desk: Desk, group: ScimGroup, resource: ScimResource[Any]) -> None:
    """Take over the new state of a group; a team made for it keeps its name.

    Raises:
        InvalidValueException: a member is nobody here.
    """
    named = group.display_name, group.external_id
    write_group(group, resource)
    group.version, group.modified = group.version + 1, desk.work.now
    desk.session.add(group)
    await desk.session.flush()
    wanted = members_of(resource)
    changed = await _set_members(desk, group, wanted)
    renamed = named != (group.display_name, group.external_id)
    await settle_rights(desk, await _people(desk, changed | wanted if renamed else changed))
    await _record(desk, Action.SCIM_GROUP_UPDATE, group, len(changed))


async def remove(desk: Desk, group: ScimGroup) -> None:
    """Let a group go, and what it gave; a team made for it stays, with what it owns."""
    people = await _people(desk, await members_now(desk, group.id))
    await desk.session.exec(delete(ScimMember).where(col(ScimMember.group_id) == group.id))
    await desk.session.delete(group)
    await desk.session.flush()
    await settle_rights(desk, people)
    await _record(desk, Action.SCIM_GROUP_REMOVE, group, len(people))


async def _set_members(desk: Desk, group: ScimGroup, wanted: frozenset[UUID]) -> frozenset[UUID]:
    """Make the members `wanted`, and return the users who came or went."""
    held = await members_now(desk, group.id)
    new, gone = wanted - held, held - wanted
    await _require_known(desk, new)
    desk.session.add_all([ScimMember(group_id=group.id, user_id=one) for one in sorted(new)])
    if gone:
        own = col(ScimMember.group_id) == group.id
        await desk.session.exec(delete(ScimMember).where(own, col(ScimMember.user_id).in_(gone)))
    await desk.session.flush()
    desk.members[group.id] = wanted
    return new | gone


async def _require_known(desk: Desk, users: Collection[UUID]) -> None:
    own = select(ScimUser.id).where(col(ScimUser.id).in_(list(users)), col(ScimUser.issuer) == desk.issuer)
    if users and len((await desk.session.exec(own)).all()) != len(users):
        raise InvalidValueException(detail="A member is nobody this directory has brought here.")


async def _people(desk: Desk, users: Collection[UUID]) -> list[UUID]:
    if not users:
        return []
    own = select(ScimUser.person_id).where(col(ScimUser.id).in_(list(users)))
    return list(await desk.session.exec(own))


async def _team(desk: Desk, group: ScimGroup) -> UUID:
    name = team_name(group.display_name)
    team = (await desk.session.exec(select(Team).where(col(Team.name) == name))).first()
    if team is None:
        return await _add_team(desk, name)
    made = await desk.session.get(ScimTeam, team.id)
    held = select(ScimGroup.id).where(col(ScimGroup.team_id) == team.id)
    if made is None or made.issuer != desk.issuer or (await desk.session.exec(held)).first():
        taken = f"There is a team {name} that was not made for this group; give the group a mapping rule."
        raise UniquenessException(detail=taken)
    return team.id


async def _add_team(desk: Desk, name: str) -> UUID:
    team = Team(name=name, created=desk.work.now)
    desk.session.add(team)
    await desk.session.flush()
    desk.session.add(ScimTeam(team_id=team.id, issuer=desk.issuer))
    await desk.work.record(
        Action.TEAM_CREATE,
        resource=Resource("team", team.id),
        rows=[team_row(team, desk.work.now)],
        parts=[Part(name="team", subject=None, content={"name": name})],
    )
    return team.id


async def _record(desk: Desk, action: Action, group: ScimGroup, changed: int) -> None:
    said = {"name": group.display_name, "external_id": group.external_id, "members_changed": changed}
    await desk.work.record(
        action,
        resource=Resource("scim_group", group.id),
        parts=[Part(name="scim_group", subject=None, content=said)],
    )
