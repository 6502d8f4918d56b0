"""On what a grant was approved, and what of it has changed since."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.models import GrantBasis, Model

OWNER, POLICY, VOLUME, CARD = "owner", "policy", "volume", "card:"
WORDS: Final = {OWNER: "its owner", POLICY: "the policy", VOLUME: "how much it is called"}


def make_basis(grant_id: UUID, model: Model, content: Mapping[str, Any], revision: str) -> GrantBasis:
    """Return the basis of a grant that is approved now under a policy's revision."""
    return GrantBasis(
        grant_id=grant_id,
        card_fields=json.dumps(card_digests(model.card), sort_keys=True),
        owner_team_id=model.team_id,
        policy_revision=revision,
        monthly_calls=content.get("monthly_calls"),
    )


def card_digests(card: str) -> dict[str, str]:
    """Return SHA-256 (hex) of each field of a card: which of them matter is for policy to say, later too."""
    found = json.loads(card)
    return {
        name: hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
        for name, value in found.items()
    }


def changed_since(
    basis: GrantBasis, model: Model, *, fields: Sequence[str], revision: str, calls: int, factor: int
) -> tuple[str, ...]:
    """Return what is no longer as it was: fields of the card, owner, policy, or the calls of 30 days."""
    then, now = json.loads(basis.card_fields), card_digests(model.card)
    found = [f"{CARD}{name}" for name in fields if then.get(name) != now.get(name)]
    if basis.owner_team_id != model.team_id:
        found.append(OWNER)
    if basis.policy_revision != revision:
        found.append(POLICY)
    if basis.monthly_calls is not None and calls >= factor * basis.monthly_calls:
        found.append(VOLUME)
    return tuple(found)


def to_repeat(changed: Sequence[str], groups: Sequence[str]) -> bool:
    """Say whether an answer that counted for these groups is to be given anew for what changed.

    A new owner has to answer what the old one did; everything else was in front of everybody who answered.
    """
    if any(one != OWNER for one in changed):
        return True
    return bool(changed) and any(group.startswith("owner:") for group in groups)


def in_words(changed: Sequence[str]) -> list[str]:
    """Return what changed, for people."""
    return [WORDS.get(one) or f"{one.removeprefix(CARD).replace('_', ' ')} on the card" for one in changed]


async def stale_of(session: AsyncSession, grants: Sequence[UUID]) -> Mapping[UUID, list[str]]:
    """Return what has changed since each of these grants was approved, where anything has."""
    query = select(GrantBasis).where(col(GrantBasis.grant_id).in_(grants), col(GrantBasis.stale) != "")
    return {row.grant_id: row.stale.split(",") for row in await session.exec(query)}
