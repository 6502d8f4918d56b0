"""What policy says of access review, from ``data.guildhall.access_review`` of the revision that decides."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from console.errors import PolicyUndecidedError
from console.models import Tier
from console.policies.bundles import find_revision
from console.services import Services
from policy.bundles import Bundle
from policy.errors import BundleError

MOST: Final = 36_500
"""A hundred years of days: what is told of time stays within what both databases count."""
UNSAID: Final = "access_review does not say how access is reviewed, in whole numbers from 1 to 36,500."
UNKNOWN: Final = "The policy does not say how access is reviewed."


@dataclass(frozen=True, slots=True)
class ReviewRules:
    """How often grants are reviewed, how long an answer may take, and what makes an approval stale.

    Attributes:
        days: between two rounds over the same scope; `by_tier` where a tier has its own.
        answer_days: from the opening of a round until silence removes.
        remind_days: before its end a grant's holder is reminded of it.
        card_fields: of a model's card, those whose change makes an approval stale.
        calls_factor: so many times the calls that were asked for a month make it stale.
    """

    days: int
    by_tier: Mapping[str, int]
    answer_days: int
    remind_days: int
    card_fields: tuple[str, ...]
    calls_factor: int

    def every(self, tier: Tier) -> int:
        """Return the days between two rounds over a tier."""
        return self.by_tier.get(tier.value, self.days)


async def read_rules(services: Services, session: AsyncSession) -> ReviewRules:
    """Return the rules of the active revision.

    Raises:
        PolicyUndecidedError: it has none, or none that can be read; nothing is guessed.
    """
    try:
        return parse_rules((await _active_bundle(services, session)).files["data.json"])
    except (BundleError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise PolicyUndecidedError(UNKNOWN, ("review_rules_missing",)) from error


async def _active_bundle(services: Services, session: AsyncSession) -> Bundle:
    active = await services.policies.active(session)
    found = await find_revision(session, active.revision, services.policies.shipped)
    if found is None:
        raise BundleError("The files of the active revision are not kept here.")
    return found


def says_how(files: Mapping[str, str]) -> bool:
    """Say whether these policies have rules that can be read; without them rounds neither open nor end."""
    try:
        parse_rules(files["data.json"])
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        return False
    return True


def parse_rules(text: str) -> ReviewRules:
    """Return the rules in a bundle's `data.json`.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: they are not there, or not of their shape.
    """
    found: Any = json.loads(text)["guildhall"]["access_review"]
    numbers = ("days", "answer_days", "remind_days", "calls_factor")
    by_tier = {Tier(name).value: _positive(days) for name, days in found["by_tier"].items()}
    fields = found["card_fields"]
    if not isinstance(fields, list) or not all(isinstance(name, str) for name in fields):
        raise TypeError("The fields of a card are a list of names.")
    return ReviewRules(
        **{name: _positive(found[name]) for name in numbers}, by_tier=by_tier, card_fields=tuple(fields)
    )


def _positive(value: object) -> int:
    if type(value) is not int or not 1 <= value <= MOST:
        raise ValueError(f"A whole number from 1 to {MOST:,} is needed.")
    return value
