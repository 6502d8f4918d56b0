"""Revokes keys: one, or many at once; it counts with the next request."""

from collections.abc import Sequence
from uuid import UUID

from audit.events import Action
from console.changes.seen import authorize_seen
from console.errors import ConflictError
from console.keys.ending import end_key
from console.keys.facts import find_key
from console.keys.forms import KeysRevoke
from console.questions import Resource
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.models import ApiKey


async def revoke_key(work: UnitOfWork, key_id: UUID, reason: str) -> None:
    """End one key now.

    Raises:
        NotFoundError: no such key, or none the caller may know of.
        RefusedError: it is not the caller's to revoke.
        ConflictError: it was revoked before.
    """
    async with work.read() as session:
        _, owner = await find_key(session, key_id)
    await authorize_seen(work, Permission.KEY_REVOKE, owner.key(key_id), Permission.KEY_READ)
    async with work.write() as session:
        key = await session.get_one(ApiKey, key_id, with_for_update=True, populate_existing=True)
        if key.revoked_at is not None:
            raise ConflictError("This key was revoked before.", ("key_revoked",))
        await end_key(work, session, key, reason, Action.KEY_REVOKE)


async def revoke_keys(work: UnitOfWork, form: KeysRevoke) -> Sequence[UUID]:
    """End many keys in one transaction, as an admin; return those that were not revoked before.

    Raises:
        RefusedError: the caller is no admin.
    """
    await work.authorize(Permission.KEY_REVOKE, Resource("key"))
    ended: list[UUID] = []
    async with work.write() as session:
        for key_id in sorted(set(form.ids)):
            key = await session.get(ApiKey, key_id, with_for_update=True, populate_existing=True)
            if key is None or key.revoked_at is not None:
                continue
            await end_key(work, session, key, form.reason, Action.KEY_REVOKE)
            ended.append(key_id)
    return ended
