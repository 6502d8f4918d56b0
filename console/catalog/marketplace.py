"""The marketplace as its page shows it: the address holds the whole search, so every facet is a link."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from console.catalog.forms import RouteRead
from console.catalog.publishers import may_publish
from console.catalog.queries import FACETS, RouteFilter, count_facets, list_routes
from console.models import DataClass, Tier, Visibility
from console.web.badges import badge_of
from console.web.listing import cursor
from console.web.pagination import next_href
from console.work import UnitOfWork

PATH: Final = "/models"
LABELS: Final[Mapping[str, str]] = {
    "team": "Owner",
    "tier": "Tier",
    "data_class": "Data class",
    "visibility": "Visibility",
    "task": "Task",
}
ORDER: Final[Mapping[str, Sequence[str]]] = {
    "tier": [tier.value for tier in Tier],
    "data_class": [data_class.value for data_class in DataClass],
    "visibility": [visibility.value for visibility in Visibility],
}
"""Facets whose values have an order of their own; the others go by name."""
PLAIN: Final = frozenset({"team"})
"""Facets whose values are names: they are shown as they are written."""


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a facet: choosing it, or taking the choice back, is the link."""

    label: str
    href: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A facet with its values."""

    label: str
    options: Sequence[Option]


@dataclass(frozen=True, slots=True)
class Chip:
    """Something the search asks for, and the link that no longer asks for it."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Marketplace:
    """What the page of all models shows; `total` counts every match, `items` are one page of them."""

    q: str
    chosen: Sequence[tuple[str, str]]
    total: int
    items: Sequence[RouteRead]
    more: str | None
    groups: Sequence[Group]
    chips: Sequence[Chip]
    may_publish: bool


def read_filter(pairs: Sequence[tuple[str, str]]) -> RouteFilter:
    """Return the search an address asks for; what it does not know it ignores."""
    text = next((value for name, value in pairs if name == "q"), "")
    return RouteFilter(text.strip(), tuple(pair for pair in pairs if pair[0] in FACETS and pair[1]))


async def open_marketplace(work: UnitOfWork, wanted: RouteFilter, after: str) -> Marketplace:
    """Return one page of the models the principal may find.

    Raises:
        InvalidInputError: the cursor in the address is none of ours.
    """
    page = await list_routes(work, wanted, cursor(after, 1))
    counts = await count_facets(work, wanted)
    return Marketplace(
        q=wanted.text,
        chosen=wanted.chosen,
        total=_total(wanted, counts),
        items=page.items,
        more=next_href(PATH, _pairs(wanted), page),
        groups=[group for name in FACETS if (group := _group(wanted, name, counts[name])).options],
        chips=_chips(wanted),
        may_publish=await may_publish(work),
    )


def _total(wanted: RouteFilter, counts: Mapping[str, Sequence[tuple[str, int]]]) -> int:
    # Every route has one value of each facet, so any facet's counts add up to all matches.
    values = {value for name, value in wanted.chosen if name == FACETS[0]}
    return sum(count for value, count in counts[FACETS[0]] if not values or value in values)


def _group(wanted: RouteFilter, name: str, counts: Sequence[tuple[str, int]]) -> Group:
    found = dict.fromkeys((value for facet, value in wanted.chosen if facet == name), 0) | dict(counts)
    order = ORDER.get(name) or sorted(found)
    return Group(
        LABELS[name], [_option(wanted, name, value, found[value]) for value in order if value in found]
    )


def _option(wanted: RouteFilter, name: str, value: str, count: int) -> Option:
    chosen = (name, value) in wanted.chosen
    return Option(_label(name, value), _href(_toggled(wanted, (name, value))), count, chosen)


def _chips(wanted: RouteFilter) -> list[Chip]:
    words = [Chip(f"“{wanted.text}”", _href(RouteFilter("", wanted.chosen)))] if wanted.text else []
    return words + [
        Chip(f"{LABELS[name]}: {_label(name, value)}", _href(_toggled(wanted, (name, value))))
        for name, value in wanted.chosen
    ]


def _label(name: str, value: str) -> str:
    return value if name in PLAIN else badge_of(value).label


def _toggled(wanted: RouteFilter, pair: tuple[str, str]) -> RouteFilter:
    kept = tuple(found for found in wanted.chosen if found != pair)
    return RouteFilter(wanted.text, kept if pair in wanted.chosen else (*wanted.chosen, pair))


def _pairs(wanted: RouteFilter) -> list[tuple[str, str]]:
    return [*([("q", wanted.text)] if wanted.text else []), *wanted.chosen]


def _href(wanted: RouteFilter) -> str:
    pairs = _pairs(wanted)
    return f"{PATH}?{urlencode(pairs)}" if pairs else PATH
