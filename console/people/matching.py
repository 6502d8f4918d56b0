"""Whom a rule matches: by the digests that are kept of each identity's last claims, or by groups of SCIM."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.services import Services
from sso.mapping import paths_of
from sso.models import ClaimDigest, Identity, MappingRule, RuleMatcher, ScimGroup, ScimMember, ScimUser
from sso.remembered import digest_of
from sso.scim.claims import BY_EXTERNAL_ID, BY_NAME, SCIM_CLAIMS

Key = tuple[str, str, RuleMatcher, str]
"""Issuer, claim, matcher and value: what a rule looks for."""


def key_of(rule: MappingRule) -> Key:
    """Return what a rule looks for."""
    return rule.issuer, rule.claim, rule.matcher, rule.value


async def count_matches(services: Services, session: AsyncSession, keys: Iterable[Key]) -> Mapping[Key, int]:
    """Return of each how many people carried it at their last sign-in or sync, or are in a group it means."""
    wanted = list(keys)
    grouped = await _count_grouped(session, [key for key in wanted if key[1] in SCIM_CLAIMS])
    return await _count_carried(services, session, wanted) | grouped


async def _count_carried(services: Services, session: AsyncSession, keys: Iterable[Key]) -> dict[Key, int]:
    digests = {digest_of(services.identity_key, *key): key for key in keys}
    query = (
        select(ClaimDigest.digest, sa.func.count(sa.distinct(col(Identity.person_id))))
        .join(Identity, col(Identity.id) == col(ClaimDigest.identity_id))
        .where(col(ClaimDigest.digest).in_(digests))
        .group_by(col(ClaimDigest.digest))
    )
    found = dict((await session.exec(query)).all())
    return {key: found.get(digest, 0) for digest, key in digests.items()}


async def _count_grouped(session: AsyncSession, keys: Sequence[Key]) -> dict[Key, int]:
    if not keys:
        return {}
    issuers = {issuer for issuer, *_ in keys}
    groups = (await session.exec(select(ScimGroup).where(col(ScimGroup.issuer).in_(issuers)))).all()
    found = {key: [group.id for group in groups if _means(key, group)] for key in keys}
    return {key: await _count_members(session, ids) if ids else 0 for key, ids in found.items()}


async def _count_members(session: AsyncSession, groups: Sequence[UUID]) -> int:
    people = select(sa.func.count(sa.distinct(col(ScimUser.person_id))))
    inside = people.join(ScimMember, col(ScimMember.user_id) == col(ScimUser.id))
    return (await session.exec(inside.where(col(ScimMember.group_id).in_(groups)))).one()


async def matched_among(
    services: Services, session: AsyncSession, key: Key, people: Collection[UUID]
) -> frozenset[UUID]:
    """Return those of `people` who match, and those at that issuer of whom no claim is known."""
    query = select(Identity.id, Identity.person_id).where(
        col(Identity.issuer) == key[0], col(Identity.person_id).in_(people)
    )
    identities = dict((await session.exec(query)).all())
    kept = select(ClaimDigest.identity_id).where(col(ClaimDigest.identity_id).in_(identities)).distinct()
    known = set(await session.exec(kept))
    digest = digest_of(services.identity_key, *key)
    carried = select(ClaimDigest.identity_id).where(
        col(ClaimDigest.identity_id).in_(identities), col(ClaimDigest.digest) == digest
    )
    matched = set(await session.exec(carried))
    told = frozenset(
        person for identity, person in identities.items() if identity in matched or identity not in known
    )
    return told | await _grouped_among(session, key, people)


async def _grouped_among(session: AsyncSession, key: Key, people: Collection[UUID]) -> frozenset[UUID]:
    """Return those of `people` whom SCIM has put into a group that the rule means: no sign-in tells of it."""
    if key[1] not in SCIM_CLAIMS:
        return frozenset()
    held = await _groups_of(session, people)
    return frozenset(person for person, group in held if _means(key, group))


async def grouped_claims(session: AsyncSession, person_id: UUID) -> list[Mapping[str, object]]:
    """Return the groups SCIM has put a person into, as claims of each directory that did."""
    by_issuer = defaultdict[str, list[ScimGroup]](list)
    for _, group in await _groups_of(session, [person_id]):
        by_issuer[group.issuer].append(group)
    return [
        {
            "iss": issuer,
            BY_NAME: [group.display_name for group in groups],
            BY_EXTERNAL_ID: [group.external_id for group in groups if group.external_id],
        }
        for issuer, groups in sorted(by_issuer.items())
    ]


async def _groups_of(session: AsyncSession, people: Collection[UUID]) -> Sequence[tuple[UUID, ScimGroup]]:
    query = (
        select(ScimUser.person_id, ScimGroup)
        .join(ScimMember, col(ScimMember.user_id) == col(ScimUser.id))
        .join(ScimGroup, col(ScimGroup.id) == col(ScimMember.group_id))
        .where(col(ScimUser.person_id).in_(people))
    )
    return (await session.exec(query)).all()


def _means(key: Key, group: ScimGroup) -> bool:
    """Say whether a rule on groups of SCIM means this one."""
    issuer, claim, matcher, value = key
    if group.issuer != issuer:
        return False
    name = group.display_name if claim == BY_NAME else group.external_id or ""
    return value in (paths_of(name) if matcher is RuleMatcher.PATH_PREFIX else [name])


async def digests_held(session: AsyncSession, person_id: UUID) -> frozenset[bytes]:
    """Return everything that is kept of one person's last claims."""
    query = (
        select(ClaimDigest.digest)
        .join(Identity, col(Identity.id) == col(ClaimDigest.identity_id))
        .where(col(Identity.person_id) == person_id)
    )
    return frozenset(await session.exec(query))
