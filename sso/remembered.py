"""Which claim values an identity carried last, as keyed digests: enough to count whom a rule would match.

The values themselves are not kept: group names tell about people, and without the key nobody reads them out
of a stolen table. The rows go when the identity goes.
"""

import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from sso.mapping import paths_of, values_of
from sso.models import ClaimDigest, RuleMatcher

PERSONAL_CLAIMS: Final = frozenset(
    {
        *("address", "birthdate", "email", "family_name", "given_name", "middle_name", "name", "nickname"),
        *("oid", "phone_number", "picture", "preferred_username", "profile", "sub", "unique_name", "upn"),
    }
)
"""Claims whose value is one person (OpenID Connect Core 5.1): no rule is made of them."""
OF_THE_TOKEN: Final = frozenset(
    {
        *("acr", "amr", "at_hash", "aud", "auth_time", "azp", "c_hash", "events", "exp", "iat", "iss", "jti"),
        *("nbf", "nonce", "s_hash", "session_state", "sid", "typ"),
    }
)
"""Claims that say something of the token, and change with each."""
LONGEST_VALUE: Final = 500
DIGEST_BYTES: Final = 16


def digest_of(key: bytes, issuer: str, claim: str, matcher: RuleMatcher, value: str) -> bytes:
    """Return what stands for "this claim of this issuer is this value" or "is this path or below it"."""
    said = json.dumps([issuer, claim, matcher.value, value]).encode()
    return hmac.digest(key, said, "sha256")[:DIGEST_BYTES]


def digests_of(key: bytes, issuer: str, claims: Mapping[str, Any]) -> frozenset[bytes]:
    """Return every digest that a rule could look for in `claims`."""
    found: set[bytes] = set()
    for claim in claims.keys() - PERSONAL_CLAIMS - OF_THE_TOKEN:
        values = {value for value in values_of(claims[claim]) if len(value) <= LONGEST_VALUE}
        paths = {path for value in values for path in paths_of(value)}
        found.update(digest_of(key, issuer, claim, RuleMatcher.EXACT, value) for value in values)
        found.update(digest_of(key, issuer, claim, RuleMatcher.PATH_PREFIX, path) for path in paths)
    return frozenset(found)


async def remember(db: AsyncSession, identity_id: UUID, digests: Iterable[bytes]) -> None:
    """Make what is kept of an identity equal to `digests`."""
    wanted = set(digests)
    held = set(await db.exec(select(ClaimDigest.digest).where(col(ClaimDigest.identity_id) == identity_id)))
    if gone := held - wanted:
        ended = delete(ClaimDigest).where(col(ClaimDigest.identity_id) == identity_id)
        await db.exec(ended if not held & wanted else ended.where(col(ClaimDigest.digest).in_(gone)))
    db.add_all(ClaimDigest(identity_id=identity_id, digest=digest) for digest in sorted(wanted - held))


async def forget(db: AsyncSession, identity_ids: Iterable[UUID]) -> None:
    """Keep nothing of these identities."""
    await db.exec(delete(ClaimDigest).where(col(ClaimDigest.identity_id).in_(list(identity_ids))))
