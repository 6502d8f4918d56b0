"""Whom a rule matches, by the digests that are kept of each identity's last claims."""

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.services import Services
from sso.mapping import paths_of
from sso.models import ClaimDigest, Identity, MappingRule, RuleMatcher, ScimGroup, ScimMember, ScimUser
from sso.remembered import digest_of
from sso.scim.claims import BY_NAME, SCIM_CLAIMS

Key = tuple[str, str, RuleMatcher, str]
"""Issuer, claim, matcher and value: what a rule looks for."""


def key_of(rule: MappingRule) -> Key:
    """Return what a rule looks for."""
    return rule.issuer, rule.claim, rule.matcher, rule.value


async def count_matches(services: Services, session: AsyncSession, keys: Iterable[Key]) -> Mapping[Key, int]:
    """Return of each how many people carried it at their last sign-in or synchronisation."""
    digests = {digest_of(services.identity_key, *key): key for key in keys}
    query = (
        select(ClaimDigest.digest, sa.func.count(sa.distinct(col(Identity.person_id))))
        .join(Identity, col(Identity.id) == col(ClaimDigest.identity_id))
        .where(col(ClaimDigest.digest).in_(digests))
        .group_by(col(ClaimDigest.digest))
    )
    found = dict((await session.exec(query)).all())
    return {key: found.get(digest, 0) for digest, key in digests.items()}


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
    issuer, claim, matcher, value = key
    if claim not in SCIM_CLAIMS:
        return frozenset()
    query = (
        select(ScimUser.person_id, ScimGroup)
        .join(ScimMember, col(ScimMember.user_id) == col(ScimUser.id))
        .join(ScimGroup, col(ScimGroup.id) == col(ScimMember.group_id))
        .where(col(ScimGroup.issuer) == issuer, col(ScimUser.person_id).in_(people))
    )
    found = set()
    for person, group in await session.exec(query):
        name = group.display_name if claim == BY_NAME else group.external_id or ""
        if value in (paths_of(name) if matcher is RuleMatcher.PATH_PREFIX else [name]):
            found.add(person)
    return frozenset(found)


async def digests_held(session: AsyncSession, person_id: UUID) -> frozenset[bytes]:
    """Return everything that is kept of one person's last claims."""
    query = (
        select(ClaimDigest.digest)
        .join(Identity, col(Identity.id) == col(ClaimDigest.identity_id))
        .where(col(Identity.person_id) == person_id)
    )
    return frozenset(await session.exec(query))
