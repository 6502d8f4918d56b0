"""What a provider's logout token ends here: its session at once, and the rest until it is confirmed again.

Keycloak sends one logout token, with one `sid`, when it ends all sessions of a person.
"""

import hashlib
import json
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from sso.clock import CLOCK_SKEW, MICROSECONDS
from sso.errors import LogoutRefusedError
from sso.logout_token import LogoutClaims
from sso.models import Identity, Session, SpentToken
from sso.sessions import mark_must_refresh, revoke

REASON = "back_channel_logout"


@dataclass(frozen=True, slots=True)
class SignOut:
    """Whom a logout token was about (None: nobody known here), and how many of their sessions ended."""

    person_id: UUID | None
    ended: int


async def sign_out(db: AsyncSession, claims: LogoutClaims, now: int) -> SignOut:
    """End the session that `claims` name, or all of the subject; every other waits to be confirmed.

    Raises:
        LogoutRefusedError: the token was used before.
    """
    await _spend(db, claims, now)
    named = await _sessions(db, claims)
    for session in named:
        await revoke(db, session.id_hash, now, REASON)
    for subject in {claims.subject, *(session.subject for session in named)} - {None}:
        await mark_must_refresh(db, claims.issuer, str(subject), now)
    return SignOut(await _person(db, claims, named), len(named))


async def _spend(db: AsyncSession, claims: LogoutClaims, now: int) -> None:
    await db.exec(delete(SpentToken).where(col(SpentToken.end) < now))
    digest = hashlib.sha256(json.dumps(["logout", claims.issuer, claims.token_id]).encode()).hexdigest()
    db.add(SpentToken(id_hash=digest, end=(claims.expires + 2 * CLOCK_SKEW) * MICROSECONDS))
    try:
        await db.flush()
    except IntegrityError:
        raise LogoutRefusedError("used_before") from None


async def _sessions(db: AsyncSession, claims: LogoutClaims) -> list[Session]:
    """Return the live sessions that `claims` end: the one of `sid`, or without one all of the subject."""
    live = col(Session.issuer) == claims.issuer, col(Session.revoked_at).is_(None)
    query = select(Session).where(*live)
    if claims.sid is not None:
        query = query.where(col(Session.provider_sid) == claims.sid)
    if claims.subject is not None:
        query = query.where(col(Session.subject) == claims.subject)
    return list(await db.exec(query))


async def _person(db: AsyncSession, claims: LogoutClaims, named: list[Session]) -> UUID | None:
    if named:
        return named[0].person_id
    known = select(Identity.person_id).where(
        Identity.issuer == claims.issuer, Identity.subject == claims.subject
    )
    return (await db.exec(known)).first()
