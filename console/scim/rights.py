"""What the groups of a directory give its people: by mapping rules, and by the teams made for groups.

Only rows that SCIM keeps are replaced; what a sign-in or an administrator gave is not looked at.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlmodel import col, select

from console.people.records import record_right
from console.scim.desk import Desk
from sso.mapping import Rights, apply
from sso.models import MappingRule, PlatformRole, ScimGroup, ScimMember, ScimUser, Source, TeamRole
from sso.rights import replace_kept
from sso.scim.claims import BY_EXTERNAL_ID, BY_NAME, SCIM_CLAIMS
from sso.scopes import join_scopes


async def settle_rights(desk: Desk, people: Iterable[UUID]) -> None:
    """Bring what SCIM gives these people in line with their groups, and record each right that changed."""
    wanted = sorted(set(people))
    if not wanted:
        return
    rules = await _rules(desk)
    groups = await _groups(desk, wanted)
    rights = {person_id: rights_in(rules, groups[person_id]) for person_id in wanted}
    added, removed = await replace_kept(desk.session, rights, Source.SCIM)
    for right in added:
        await record_right(desk.work, right, gone=False)
    for right in removed:
        await record_right(desk.work, right, gone=True)


def rights_in(rules: Iterable[MappingRule], groups: Iterable[ScimGroup]) -> Rights:
    """Return what being in `groups` gives: each directory's rules count for its own groups."""
    by_issuer, known = defaultdict[str, list[ScimGroup]](list), list(rules)
    for group in groups:
        by_issuer[group.issuer].append(group)
    given = [apply(known, _claims(issuer, held)) for issuer, held in by_issuer.items()]
    teams = {(one.team_id, TeamRole.MEMBER) for held in by_issuer.values() for one in held if one.team_id}
    scopes = defaultdict[PlatformRole, list[str]](list)
    for role, scope in (pair for one in given for pair in one.roles):
        scopes[role].append(scope)
    return Rights(
        frozenset(teams).union(*(one.memberships for one in given)),
        frozenset((role, join_scopes(texts)) for role, texts in scopes.items()),
    )


def _claims(issuer: str, groups: Iterable[ScimGroup]) -> Mapping[str, object]:
    held = list(groups)
    external = [one.external_id for one in held if one.external_id]
    return {"iss": issuer, BY_NAME: [one.display_name for one in held], BY_EXTERNAL_ID: external}


async def is_mapped(desk: Desk, group: ScimGroup) -> bool:
    """Say whether a mapping rule names the group."""
    claims = _claims(group.issuer, [group])
    given = apply(await _rules(desk), claims)
    return bool(given.memberships or given.roles)


async def _rules(desk: Desk) -> list[MappingRule]:
    own = select(MappingRule).where(col(MappingRule.claim).in_(SCIM_CLAIMS))
    return list(await desk.session.exec(own))


async def _groups(desk: Desk, people: list[UUID]) -> defaultdict[UUID, list[ScimGroup]]:
    query = (
        select(ScimUser.person_id, ScimGroup)
        .join(ScimMember, col(ScimMember.user_id) == col(ScimUser.id))
        .join(ScimGroup, col(ScimGroup.id) == col(ScimMember.group_id))
        .where(col(ScimUser.person_id).in_(people))
    )
    found = defaultdict[UUID, list[ScimGroup]](list)
    for person_id, group in await desk.session.exec(query):
        found[person_id].append(group)
    return found
