"""Keys in the tables: whom one names now, and whether it still counts."""

import hmac
import json
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from sso.clock import seconds
from sso.errors import KeyRefusedError
from sso.keys.form import KeyText, read_key_text
from sso.keys.peppers import Peppers
from sso.models import ApiKey, Person, PersonState, Profile
from sso.principal import SYSTEM_ISSUER, Authentication, KeyLimits, Principal

NOTHING: Final = "0" * 64
"""What no digest equals: compared with where there is no key, so that this takes as long."""


@dataclass(frozen=True, slots=True)
class Owned:
    """Whom a key names, and until when (microseconds) that is sure: a rotation's grace may end before it."""

    principal: Principal
    key_id: UUID
    until: int


async def owner_of_key(db: AsyncSession, text: str, peppers: Peppers, now: int) -> Owned:
    """Return the owner of the key `text`, limited to what the key is for.

    Raises:
        KeyRefusedError: it is mistyped, unknown, at its end or revoked, or its owner may not come in.
    """
    given = read_key_text(text)
    if given is None:
        raise KeyRefusedError("key_malformed")
    row, person, profile = await _find(db, given)
    # First the secret: who does not hold it learns nothing of the key, not even that it was revoked.
    if not proves(row, given.secret, peppers, now) or row is None:
        raise KeyRefusedError("key_refused")
    if reason := why_refused(row, person, now):
        raise KeyRefusedError(reason)
    if person is None or profile is None:
        raise KeyRefusedError("key_owner_gone")
    proof = authentication_of(row)
    principal = Principal(person.id, person.kind.value, profile.handle, profile.name, proof)
    graced = row.old_end if row.old_end is not None and row.old_end > now else row.ends
    return Owned(principal, row.id, min(graced, row.ends))


async def find_by_text(db: AsyncSession, text: str, peppers: Peppers, now: int) -> ApiKey | None:
    """Return the key whose whole text this is, whether it still counts or not."""
    given = read_key_text(text)
    if given is None:
        return None
    row, _, _ = await _find(db, given)
    return row if row is not None and proves(row, given.secret, peppers, now) else None


def proves(row: ApiKey | None, secret: str, peppers: Peppers, now: int) -> bool:
    """Say whether `secret` is the key's, or was until a rotation whose grace lasts; in one time for all."""
    newest = peppers.newest() if row is None else row.pepper
    present = hmac.compare_digest(peppers.digest(newest, secret), row.digest if row else NOTHING)
    graced = row is not None and row.old_end is not None and now < row.old_end
    former = row.old_digest if row is not None and row.old_digest and graced else NOTHING
    number = row.old_pepper if row is not None and row.old_pepper else newest
    past = hmac.compare_digest(peppers.digest(number, secret), former)
    return row is not None and (present | past)


def why_refused(row: ApiKey, owner: Person | None, now: int) -> str | None:
    """Return why a key does not count now, or None when it does."""
    if row.revoked_at is not None:
        return "key_revoked"
    if row.ends <= now:
        return "key_ended"
    if owner is None or owner.state is not PersonState.ACTIVE:
        return "key_owner_gone"
    return None


def authentication_of(row: ApiKey) -> Authentication:
    """Return the proof that a key gives: no sign-in, so no `acr`, and nothing it could sign."""
    routes = None if row.routes is None else frozenset(json.loads(row.routes))
    return Authentication(
        method="key",
        issuer=SYSTEM_ISSUER,
        subject=str(row.id),
        expires=seconds(row.ends),
        key=KeyLimits(row.id, frozenset(json.loads(row.scopes)), routes),
    )


async def _find(db: AsyncSession, given: KeyText) -> tuple[ApiKey | None, Person | None, Profile | None]:
    query = (
        select(ApiKey, Person, Profile)
        .outerjoin(Person, col(Person.id) == col(ApiKey.owner_id))
        .outerjoin(Profile, col(Profile.person_id) == col(ApiKey.owner_id))
        .where(col(ApiKey.lookup) == given.id)
    )
    found = (await db.exec(query)).first()
    return (found[0], found[1], found[2]) if found else (None, None, None)
