"""Browser sessions in our own table: random cookie, only its hash kept, rotated at every sign-in."""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field
from uuid import UUID

from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from sso.claims import IdTokenClaims
from sso.clock import CLOCK_SKEW, MICROSECONDS, seconds
from sso.kept import seal
from sso.models import Identity, Session, SignedOut
from sso.principal import Authentication
from sso.settings import SessionSettings

TOUCH_EVERY = 60 * MICROSECONDS
RESET = "credentials_reset"


@dataclass(frozen=True, slots=True)
class Device:
    """What its owner may know a session by: a browser and a system, and an address."""

    name: str | None = None
    address: str | None = None


UNKNOWN_DEVICE = Device()


@dataclass(frozen=True, slots=True)
class CreatedSession:
    """A new session and the one time its cookie value is known."""

    cookie_value: str = field(repr=False)
    session: Session = field(repr=False)


async def create(
    db: AsyncSession,
    *,
    person_id: UUID,
    claims: IdTokenClaims,
    now: int,
    settings: SessionSettings,
    previous_cookie: str | None = None,
    key: bytes | None = None,
    device: Device = UNKNOWN_DEVICE,
) -> CreatedSession:
    """Start a session for a sign-in; whatever session the browser had before is over.

    `key` seals what the provider gave to confirm it later.
    """
    if previous_cookie:
        await revoke(db, hash_cookie(previous_cookie), now, "rotated")
    cookie = secrets.token_urlsafe(32)
    id_hash = hash_cookie(cookie)
    session = Session(
        id_hash=id_hash,
        person_id=person_id,
        issuer=claims.issuer,
        subject=claims.subject,
        provider_sid=claims.sid,
        created=now,
        seen=now,
        refreshed=now,
        idle_end=now + settings.idle * MICROSECONDS,
        end=now + settings.absolute * MICROSECONDS,
        auth_time=claims.auth_time,
        acr=claims.acr,
        sealed=seal(claims.kept, key, id_hash) if key and claims.kept else None,
        device=device.name,
        address=device.address,
    )
    db.add(session)
    await db.flush()
    return CreatedSession(cookie, session)


async def find(db: AsyncSession, cookie: str | None, now: int) -> Session | None:
    """Return the live session of `cookie`; None when unknown, over, or seen by a clock ahead of `now`."""
    if not cookie:
        return None
    found = await db.get(Session, hash_cookie(cookie))
    return found if found is not None and is_live(found, now) else None


def is_live(session: Session, now: int) -> bool:
    """Say whether `session` may be used at `now` (microseconds); a clock that moved back ends trust in it."""
    moved_back = now < session.seen - CLOCK_SKEW * MICROSECONDS
    return session.revoked_at is None and not moved_back and now < min(session.idle_end, session.end)


def needs_touch(session: Session, now: int) -> bool:
    """Say whether the last use should be written down again; once a minute is exact enough."""
    return now - session.seen >= TOUCH_EVERY


async def touch(db: AsyncSession, id_hash: str, now: int, settings: SessionSettings) -> None:
    """Write down that the session was used at `now`, unless it ended meanwhile."""
    alive = col(Session.revoked_at).is_(None), col(Session.seen) < now, col(Session.idle_end) > now
    used = {"seen": now, "idle_end": now + settings.idle * MICROSECONDS}
    await db.exec(update(Session).where(col(Session.id_hash) == id_hash, *alive).values(**used))


async def revoke(db: AsyncSession, id_hash: str, now: int, reason: str) -> None:
    """End one session."""
    live = col(Session.id_hash) == id_hash, col(Session.revoked_at).is_(None)
    await db.exec(update(Session).where(*live).values(**_ended(now, reason)))


async def revoke_all_of(db: AsyncSession, person_id: UUID, now: int, reason: str) -> tuple[str, ...]:
    """Sign a person out everywhere: end every session, and refuse tokens issued until now.

    Returns:
        The hashes of the sessions that were live.
    """
    known = await db.exec(select(Identity.issuer, Identity.subject).where(Identity.person_id == person_id))
    for issuer, subject in known.all():
        await refuse_older_tokens(db, issuer, subject, now)
    live = col(Session.person_id) == person_id, col(Session.revoked_at).is_(None)
    ended = (await db.exec(select(Session.id_hash).where(*live))).all()
    await db.exec(update(Session).where(*live).values(**_ended(now, reason)))
    return tuple(ended)


async def revoke_before(db: AsyncSession, issuer: str, subject: str, moment: int, now: int) -> None:
    """End what a subject began by a proof of before `moment` (microseconds), and refuse tokens of before.

    Proof is given in whole seconds, so what began in that very second stays: a new password comes first.
    """
    second = moment // MICROSECONDS
    began = col(Session.auth_time) < second
    unknown = col(Session.auth_time).is_(None) & (col(Session.created) < second * MICROSECONDS)
    theirs = col(Session.issuer) == issuer, col(Session.subject) == subject
    live = *theirs, col(Session.revoked_at).is_(None)
    await db.exec(update(Session).where(*live, began | unknown).values(**_ended(now, RESET)))
    await refuse_older_tokens(db, issuer, subject, second * MICROSECONDS - 1)


async def mark_must_refresh(db: AsyncSession, issuer: str, subject: str, now: int) -> None:
    """Let nothing of a subject count any more until its provider has confirmed it again.

    Sessions ask the provider before their next request; bearer tokens issued until now are refused.
    """
    await refuse_older_tokens(db, issuer, subject, now)
    theirs = col(Session.issuer) == issuer, col(Session.subject) == subject
    live = *theirs, col(Session.revoked_at).is_(None)
    await db.exec(update(Session).where(*live).values(must_refresh=now))


async def refuse_older_tokens(db: AsyncSession, issuer: str, subject: str, now: int) -> None:
    """Refuse bearer tokens of a subject that were issued until now."""
    key = subject_key(issuer, subject)
    found = await db.get(SignedOut, key)
    if found is None:
        db.add(SignedOut(id_hash=key, since=now))
    else:
        found.since = max(found.since, now)
    await db.flush()


async def are_tokens_refused(db: AsyncSession, issuer: str, subject: str, issued: int) -> bool:
    """Say whether a token of a subject, issued at `issued` (seconds), was issued before its last sign-out."""
    found = await db.get(SignedOut, subject_key(issuer, subject))
    return found is not None and issued <= seconds(found.since)


def _ended(now: int, reason: str) -> dict[str, object]:
    # What is over needs no tokens any more.
    return {"revoked_at": now, "revoke_reason": reason, "sealed": None}


def authentication_of(session: Session) -> Authentication:
    """Return the proof a session gives."""
    return Authentication(
        method="session",
        issuer=session.issuer,
        subject=session.subject,
        session_id_hash=session.id_hash,
        acr=session.acr,
        auth_time=session.auth_time,
        expires=seconds(session.end),
    )


def hash_cookie(cookie: str) -> str:
    """Return the key under which a cookie's session is kept; it cannot be used as a cookie."""
    return hashlib.sha256(cookie.encode()).hexdigest()


def subject_key(issuer: str, subject: str) -> str:
    """Return the key by which a subject of an issuer is remembered without being named."""
    # JSON keeps the border between the parts: ("a:b", "c") and ("a", "b:c") must differ.
    return hashlib.sha256(json.dumps([issuer, subject]).encode()).hexdigest()


def csrf_token(session_cookie: str, key: bytes) -> str:
    """Return the token that forms of this session carry, and of no other."""
    return hmac.new(key, f"csrf\n{hash_cookie(session_cookie)}".encode(), hashlib.sha256).hexdigest()


def check_csrf(token: str | None, session_cookie: str, key: bytes) -> bool:
    """Say whether `token` belongs to this session, in constant time."""
    return hmac.compare_digest((token or "").encode(), csrf_token(session_cookie, key).encode())
