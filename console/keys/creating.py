"""Makes keys, and gives them new secrets: the text leaves once, in the answer, and is kept nowhere."""

import json
from typing import Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.changes.seen import authorize_seen
from console.clock import DAY, MICROSECONDS, to_text
from console.errors import ConflictError, InvalidInputError
from console.keys.facts import Owner, find_key, find_owner, find_service
from console.keys.forms import KeyCreate, KeyCreated, KeyRotate
from console.keys.rights import missing_right
from console.keys.rows import key_row
from console.keys.shown import key_read
from console.questions import Resource
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.keys.form import KeyText, new_key_text, new_secret
from sso.models import ApiKey, Person, PersonState

MOST_KEYS: Final = 50
"""Keys of one owner that count at the same time; more is a sign of keys that nobody looks after."""


async def create_key(work: UnitOfWork, form: KeyCreate) -> KeyCreated:
    """Make a key for the caller, or for a service account of a team the caller owns.

    Raises:
        NotFoundError: no such service account, or none of the caller's teams.
        RefusedError: with the first scope that goes beyond what the caller holds.
        InvalidInputError: it would last too long.
        ConflictError: there are too many already, or the service account is disabled.
    """
    owner = await _owner(work, form.service)
    resource = owner.key()
    await authorize_seen(work, Permission.KEY_CREATE, resource, Permission.KEY_READ)
    _check_days(work, form.days)
    scopes, routes = sorted(set(form.scopes)), sorted(set(form.routes)) if form.routes else None
    if reason := await missing_right(work, owner, scopes, routes):
        raise await work.refuse(Permission.KEY_CREATE, resource, reason)
    text, key = _key(work, owner, form, scopes, routes)
    async with work.write() as session:
        await _check_owner(session, owner, work.now)
        session.add(key)
        name = Part(name="label", subject=owner.person.id, content={"name": key.name})
        made = Resource("key", key.id)
        await work.record(
            Action.KEY_CREATE, resource=made, rows=[key_row(key)], parts=[_described(key), name]
        )
    return KeyCreated(key=key_read(key, owner, None, work.now), token=text.text)


async def rotate_key(work: UnitOfWork, key_id: UUID, form: KeyRotate) -> KeyCreated:
    """Give a key a new secret; the one of before counts for the grace that was asked for, and no longer.

    Raises:
        NotFoundError: no such key, or none the caller may know of.
        RefusedError: it is not the caller's to rotate.
        InvalidInputError: the grace is too long.
        ConflictError: the key has ended or was revoked.
    """
    if form.grace_hours > (most := work.services.settings.keys.longest_grace_hours):
        sentence = f"The old secret may count for at most {most} hours here."
        raise InvalidInputError(sentence, ("grace_too_long",), {"grace_hours": sentence})
    async with work.read() as session:
        _, owner = await find_key(session, key_id)
    await authorize_seen(work, Permission.KEY_ROTATE, owner.key(key_id), Permission.KEY_READ)
    async with work.write() as session:
        key = await session.get_one(ApiKey, key_id, with_for_update=True, populate_existing=True)
        text = _replace_secret(work, key, form.grace_hours)
        session.add(key)
        await work.record(
            Action.KEY_ROTATE,
            resource=Resource("key", key.id),
            rows=[key_row(key)],
            parts=[_described(key)],
        )
    return KeyCreated(key=key_read(key, owner, None, work.now), token=text.text)


def _replace_secret(work: UnitOfWork, key: ApiKey, grace_hours: int) -> KeyText:
    now, peppers = work.now, work.services.peppers
    if key.revoked_at is not None or key.ends <= now:
        raise ConflictError("This key has ended; make a new one.", ("key_ended",))
    text, number = new_secret(key.lookup), peppers.newest()
    grace = grace_hours * 3600 * MICROSECONDS
    key.old_pepper, key.old_digest, key.old_end = key.pepper, key.digest, min(now + grace, key.ends)
    if not grace:
        key.old_pepper, key.old_digest, key.old_end = None, None, None
    key.pepper, key.digest = number, peppers.digest(number, text.secret)
    return text


async def _owner(work: UnitOfWork, service: UUID | None) -> Owner:
    async with work.read() as session:
        if service is None:
            return await find_owner(session, work.principal.id)
        return await find_service(session, service)


def _check_days(work: UnitOfWork, days: int) -> None:
    if days > (most := work.services.settings.keys.longest_days):
        sentence = f"A key lasts at most {most} days here."
        raise InvalidInputError(sentence, ("lasts_too_long",), {"days": sentence})


def _key(
    work: UnitOfWork, owner: Owner, form: KeyCreate, scopes: list[str], routes: list[str] | None
) -> tuple[KeyText, ApiKey]:
    text, now, peppers = new_key_text(), work.now, work.services.peppers
    number = peppers.newest()
    return text, ApiKey(
        lookup=text.id,
        owner_id=owner.person.id,
        made_by=work.principal.id,
        name=form.name,
        scopes=json.dumps(scopes),
        routes=json.dumps(routes) if routes else None,
        pepper=number,
        digest=peppers.digest(number, text.secret),
        created=now,
        ends=now + form.days * DAY,
    )


async def _check_owner(session: AsyncSession, owner: Owner, now: int) -> None:
    # Locked: whoever disables the owner at this moment either sees this key, or is seen here.
    person = await session.get_one(Person, owner.person.id, with_for_update=True, populate_existing=True)
    if person.state is not PersonState.ACTIVE:
        raise ConflictError("This service account is disabled.", ("owner_disabled",))
    held = select(ApiKey.id).where(
        col(ApiKey.owner_id) == person.id, col(ApiKey.revoked_at).is_(None), col(ApiKey.ends) > now
    )
    if len((await session.exec(held)).all()) >= MOST_KEYS:
        sentence = f"There are {MOST_KEYS} keys already: revoke one that is not needed."
        raise ConflictError(sentence, ("too_many_keys",))


def _described(key: ApiKey) -> Part:
    content: dict[str, object] = {
        "lookup": key.lookup,
        "scopes": json.loads(key.scopes),
        "ends": to_text(key.ends),
    }
    if key.routes:
        content["routes"] = json.loads(key.routes)
    if key.old_end:
        content["old_end"] = to_text(key.old_end)
    return Part(name="key", subject=None, content=content)
