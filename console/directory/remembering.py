"""What the directory says of people who are here already, kept as the digests that rules look for.

Otherwise a rule whose people came by a sync would be shown as one that matches nobody, and a reviewer whom a
group has taken in since would not be seen as one who gains by a rule about it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.people.matching import key_of
from sso.models import ClaimDigest, Identity, MappingRule
from sso.remembered import digest_of, digests_of
from sso.syncing.snapshot import DirectoryPerson


async def remember_said(
    session: AsyncSession, key: bytes, issuer: str, people: Collection[DirectoryPerson]
) -> None:
    """Keep what is said of `people` now, within the caller's transaction.

    What is new is added. What is gone is taken out where a rule looks for it: of the rest nobody can tell
    whether the directory or a sign-in has said it, and a reading of everybody asks about ruled groups only.
    """
    if not people:
        return
    claims = {name for one in people for name in one.claims}
    looked_for = await _looked_for(session, key, issuer, claims)
    identities = await _identities(session, issuer, [one.subject for one in people])
    held = await _held(session, list(identities.values()))
    for one in people:
        if (identity := identities.get(one.subject)) is not None:
            said = digests_of(key, issuer, {name: list(values) for name, values in one.claims.items()})
            await _keep(session, identity, said - held[identity], (held[identity] & looked_for) - said)


async def _keep(session: AsyncSession, identity: UUID, new: Iterable[bytes], gone: Collection[bytes]) -> None:
    session.add_all(ClaimDigest(identity_id=identity, digest=digest) for digest in sorted(new))
    if gone:
        own = col(ClaimDigest.identity_id) == identity
        await session.exec(sa.delete(ClaimDigest).where(own, col(ClaimDigest.digest).in_(gone)))


async def _looked_for(
    session: AsyncSession, key: bytes, issuer: str, claims: Collection[str]
) -> frozenset[bytes]:
    own = select(MappingRule).where(col(MappingRule.issuer) == issuer, col(MappingRule.claim).in_(claims))
    return frozenset(digest_of(key, *key_of(rule)) for rule in await session.exec(own))


async def _identities(session: AsyncSession, issuer: str, subjects: Sequence[str]) -> dict[str, UUID]:
    known = select(Identity.subject, Identity.id).where(
        col(Identity.issuer) == issuer, col(Identity.subject).in_(subjects)
    )
    return dict((await session.exec(known)).all())


async def _held(session: AsyncSession, identities: Sequence[UUID]) -> defaultdict[UUID, set[bytes]]:
    kept = select(ClaimDigest.identity_id, ClaimDigest.digest)
    found = defaultdict[UUID, set[bytes]](set)
    for identity, digest in await session.exec(kept.where(col(ClaimDigest.identity_id).in_(identities))):
        found[identity].add(digest)
    return found
