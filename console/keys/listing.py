"""Reads of keys: one's own, a service account's, and all of them for admins and auditors."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col

from console.changes.seen import authorize_seen
from console.clock import DAY
from console.keys.facts import Owner, find_owner, find_service
from console.keys.forms import KeyRead
from console.keys.shown import key_read
from console.questions import Resource
from console.web.listing import cursor_id
from console.web.pagination import PAGE_SIZE, Key, KeysetPage, cut_page
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.models import ApiKey, ApiKeyUse, Person, PersonKind, PersonState, Profile, ServiceAccount, Team

DAYS_30: Final = 30 * DAY
MOST_OWN: Final = 200


class KeyState(StrEnum):
    """Which keys of an inventory are looked for."""

    ACTIVE = "active"
    ENDED = "ended"
    ENDING = "ending"
    REVOKED = "revoked"
    UNUSED = "unused"


@dataclass(frozen=True, slots=True)
class KeyFilter:
    """What is looked for: text in name, start or owner; a state; keys of services, or of people."""

    text: str = ""
    state: KeyState | None = None
    kind: PersonKind | None = None


async def list_own_keys(work: UnitOfWork) -> Sequence[KeyRead]:
    """Return the caller's keys, newest first: those that count, and for 30 days those that ended."""
    async with work.read() as session:
        owner = await find_owner(session, work.principal.id)
    await work.authorize(Permission.KEY_READ, owner.key())
    return await _keys_of(work, owner)


async def list_service_keys(work: UnitOfWork, account_id: UUID) -> Sequence[KeyRead]:
    """Return the keys of a service account, the same way.

    Raises:
        NotFoundError: no such account, or none of the caller's teams.
    """
    async with work.read() as session:
        owner = await find_service(session, account_id)
    await authorize_seen(work, Permission.KEY_READ, owner.key(), Permission.SERVICE_ACCOUNT_READ)
    return await _keys_of(work, owner)


async def list_inventory(
    work: UnitOfWork, wanted: KeyFilter, after: Key | None = None, size: int = PAGE_SIZE
) -> KeysetPage[KeyRead]:
    """Return one page of everybody's keys, newest first.

    Raises:
        RefusedError: the caller is neither admin nor auditor.
    """
    await work.authorize(Permission.KEY_READ, Resource("key"))
    now = work.now
    query = _select().where(*_conditions(wanted, now))
    if after is not None:
        query = query.where(col(ApiKey.id) < cursor_id(after))
    async with work.read() as session:
        rows = (await session.exec(query.order_by(col(ApiKey.id).desc()).limit(size + 1))).all()
    items = [key_read(key, Owner(person, profile, team), at, now) for key, person, profile, team, at in rows]
    return cut_page(items, lambda item: (str(item.id),), size)


async def _keys_of(work: UnitOfWork, owner: Owner) -> Sequence[KeyRead]:
    now = work.now
    recent = sa.func.coalesce(col(ApiKey.revoked_at), col(ApiKey.ends)) > now - DAYS_30
    query = _select().where(col(ApiKey.owner_id) == owner.person.id, recent)
    async with work.read() as session:
        rows = (await session.exec(query.order_by(col(ApiKey.id).desc()).limit(MOST_OWN))).all()
    return [key_read(key, owner, at, now) for key, _, _, _, at in rows]


def _select() -> Any:  # noqa: ANN401 - SQLModel's exec takes sa.select, but its types do not say so
    return (
        sa.select(ApiKey, Person, Profile, Team, col(ApiKeyUse.at))
        .join(Person, col(Person.id) == col(ApiKey.owner_id))
        .join(Profile, col(Profile.person_id) == col(ApiKey.owner_id))
        .outerjoin(ServiceAccount, col(ServiceAccount.id) == col(ApiKey.owner_id))
        .outerjoin(Team, col(Team.id) == col(ServiceAccount.team_id))
        .outerjoin(ApiKeyUse, col(ApiKeyUse.key_id) == col(ApiKey.id))
    )


def _conditions(wanted: KeyFilter, now: int) -> list[sa.ColumnElement[bool]]:
    found = [_text_is_in(word) for word in wanted.text.split()[:5]]
    if wanted.kind is not None:
        found.append(col(Person.kind) == wanted.kind)
    if wanted.state is not None:
        found.append(_in_state(wanted.state, now))
    return found


def _text_is_in(word: str) -> sa.ColumnElement[bool]:
    # The start of a key as somebody found it: only the id in it is looked for, never more of it.
    lookup = word.removeprefix("guildhall_sk_").partition("_")[0]
    team = aliased(Team)
    named = sa.select(col(team.id)).where(col(team.name) == word)
    return sa.or_(
        col(ApiKey.lookup) == lookup,
        col(ApiKey.name).icontains(word, autoescape=True),
        col(Profile.handle).icontains(word, autoescape=True),
        col(ServiceAccount.team_id).in_(named),
    )


def _in_state(state: KeyState, now: int) -> sa.ColumnElement[bool]:
    kept = col(ApiKey.revoked_at).is_(None)
    counts = sa.and_(kept, col(ApiKey.ends) > now, col(Person.state) == PersonState.ACTIVE)
    return {
        KeyState.ACTIVE: counts,
        KeyState.ENDED: sa.and_(kept, col(ApiKey.ends) <= now),
        KeyState.ENDING: sa.and_(counts, col(ApiKey.ends) <= now + DAYS_30),
        KeyState.REVOKED: col(ApiKey.revoked_at).is_not(None),
        KeyState.UNUSED: sa.and_(counts, sa.func.coalesce(col(ApiKeyUse.at), 0) < now - DAYS_30),
    }[state]
