"""Who gains by another policy: of those who answer for it, whoever may do under it what they may not do now.

Looked at are their own rights, as the tables hold them, under both revisions: every permission and every
group of approval on made-up resources, and what they were refused in the days of the replay. Both are asked
in throw-away processes. The answer follows from the two revisions, the rights and the day, so it is kept.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.changes.kinds import Content
from console.clock import seconds
from console.errors import ConflictError
from console.policies.active import read_active
from console.policies.bundles import find_revision
from console.policies.flips import ALLOWED, UNANSWERED
from console.policies.probes import probes_of
from console.policies.replaying import digest_of
from console.services import Services
from policy.bundles import Bundle
from policy.canonical import content_hash
from policy.decision import Document, Query
from policy.errors import BundleError
from policy.facts import describe_subject, groups_of
from policy.gaining import newly_allowed
from policy.models import PolicyFlip, PolicyReplay
from sso.rights import rights_of

A_DAY: Final = 86_400
MOST_KEPT: Final = 2_000
MEANWHILE: Final = "Somebody's rights changed just now; look again, then answer."
_known: OrderedDict[tuple[str, str, str], bool] = OrderedDict()


async def policy_gainers(
    services: Services, session: AsyncSession, content: Content, answering: frozenset[UUID]
) -> frozenset[UUID]:
    """Return who of those who answer would gain; everybody, where it cannot be found out.

    Raises:
        ConflictError: a transaction that writes would have to wait for an engine.
    """
    active = await read_active(session, services.policies.shipped)
    try:
        now = await find_revision(session, active.revision, services.policies.shipped)
        then = await find_revision(session, content["revision"], services.policies.shipped)
        past = await _by_replay(session, content, answering)
        if now is None or then is None:
            return answering
        return past | await _by_rights(services, session, (now, then), answering - past)
    except BundleError:
        return answering


async def _by_replay(session: AsyncSession, content: Content, answering: frozenset[UUID]) -> frozenset[UUID]:
    """Return whom the candidate allows, or may allow, what they were refused in the replayed days."""
    if content["replay"] is None:
        return frozenset()
    found = await session.get(PolicyReplay, UUID(content["draft"]))
    if found is None or await digest_of(session, found, content["revision"]) != content["replay"]:
        return answering
    query = select(PolicyFlip.person).where(PolicyFlip.draft_id == found.draft_id)
    asked = [str(one) for one in answering]
    gained = col(PolicyFlip.what).in_((ALLOWED, UNANSWERED))
    named = set(await session.exec(query.where(gained, col(PolicyFlip.person).in_(asked))))
    return frozenset(one for one in answering if str(one) in named)


async def _by_rights(
    services: Services, session: AsyncSession, bundles: tuple[Bundle, Bundle], people: frozenset[UUID]
) -> frozenset[UUID]:
    day = seconds(services.clock()) // A_DAY * A_DAY
    known = {one: await _subject(session, one) for one in people}
    subjects = {one: subject for one, subject in known.items() if groups_of(subject, "")}
    keys = {one: _key(bundles, subject, day) for one, subject in subjects.items()}
    if missing := {one: subjects[one] for one, key in keys.items() if key not in _known}:
        await _refuse_writing(session)
        asked = {one: probes_of(it, day, services.settings.profile.value) for one, it in missing.items()}
        for one, gains in (await asyncio.to_thread(_find, bundles, asked)).items():
            _keep(keys[one], gains)
    return frozenset(one for one, key in keys.items() if _known[key])


def _find(bundles: tuple[Bundle, Bundle], asked: Mapping[UUID, tuple[Query, ...]]) -> Mapping[UUID, bool]:
    flips = iter(newly_allowed(*bundles, [query for queries in asked.values() for query in queries]))
    return {one: True in [next(flips) for _ in queries] for one, queries in asked.items()}


async def _subject(session: AsyncSession, person: UUID) -> Document:
    rights = await rights_of(session, person)
    return describe_subject(
        id=person,
        kind="person",
        method="session",
        teams=rights.teams,
        owner_of=rights.owner_of,
        roles=[(role.value, scope) for role, scope in rights.roles],
    )


def _key(bundles: tuple[Bundle, Bundle], subject: Document, day: int) -> tuple[str, str, str]:
    now, then = bundles
    return now.revision, then.revision, content_hash({"subject": subject, "day": day})


def _keep(key: tuple[str, str, str], gains: bool) -> None:  # noqa: FBT001 - a fact
    _known[key] = gains
    while len(_known) > MOST_KEPT:
        _known.popitem(last=False)


async def _refuse_writing(session: AsyncSession) -> None:
    connection = (await session.connection()).sync_connection
    if connection is not None and connection.get_execution_options().get("write"):
        raise ConflictError(MEANWHILE, ("overtaken",))
