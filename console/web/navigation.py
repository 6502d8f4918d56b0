"""Where a person can go: the rail and everything else around a page, as data."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from litestar.types import Scope


@dataclass(frozen=True, slots=True)
class Area:
    """One word of the rail; `others` are addresses of its pages that do not begin with `path`.

    Several areas may name the same address: whoever may enter only one of them is shown as being there.
    """

    key: str
    label: str
    path: str
    icon: str
    others: tuple[str, ...] = ()


AREAS = (
    Area("models", "Models", "/models", "box", ("/access",)),
    Area("requests", "Requests", "/requests", "clipboard-text", ("/grants", "/reviews")),
    Area("me", "Your access", "/me", "key", ("/service-accounts", "/people")),
    Area("reviews", "Reviews", "/reviews", "checklist", ("/grants",)),
    Area(
        "people",
        "People",
        "/people",
        "users",
        ("/admin/directory", "/admin/directories", "/admin/break-glass", "/reviews", "/service-accounts"),
    ),
    Area("audit", "Audit", "/audit", "list-search", ("/access", "/admin")),
    Area("records", "Records", "/records", "database", ("/policies",)),
    Area("admin", "Admin", "/admin", "settings"),
)


@dataclass(frozen=True, slots=True)
class RailItem:
    """One entry of the rail as drawn; ``count`` is how many things wait there, 0 shows nothing."""

    label: str
    path: str
    icon: str
    here: bool
    count: int = 0


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in, as the user menu shows it."""

    name: str
    handle: str
    roles: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shell:
    """Everything a layout draws around a page.

    ``banner`` is the red warning on top (the development identity provider), ``audit_lag`` how far the
    log is behind, in words for the footer; None hides either.
    """

    path: str = "/"
    version: str = ""
    person: Person | None = None
    rail: tuple[RailItem, ...] = ()
    banner: str | None = None
    audit_lag: str | None = None
    search_path: str | None = None
    sign_in_path: str = "/sign-in"
    sign_out_path: str = "/sign-out"
    account_links: tuple[tuple[str, str], ...] = field(
        default=(
            ("Your access", "/me"),
            ("Your keys", "/me/keys"),
            ("Your deputies", "/me/deputies"),
            ("Where you are signed in", "/me/sessions"),
        )
    )


DescribeShell = Callable[[Scope], Shell]


def build_rail(path: str, allowed: Collection[str], counts: Mapping[str, int]) -> tuple[RailItem, ...]:
    """Return the rail for one person: areas they have no right to are absent, not grey.

    Args:
        path: the page being shown, which marks its area as current.
        allowed: keys of :data:`AREAS` this person may enter.
        counts: how many things wait for this person, by area key.
    """
    here = area_of(path, allowed)
    return tuple(
        RailItem(area.label, area.path, area.icon, area.key == here, counts.get(area.key, 0))
        for area in AREAS
        if area.key in allowed
    )


def area_of(path: str, allowed: Collection[str]) -> str:
    """Return the key of the area among `allowed` that ``path`` is a page of; none is empty.

    The longest address counts; of two that are the same, an area's own, and then the later area's: those
    that fewer people may enter come later, and their pages are more often meant.
    """
    found = [
        (len(address), address == area.path, place, area.key)
        for place, area in enumerate(AREAS)
        for address in (area.path, *area.others)
        if area.key in allowed and is_within(path, address)
    ]
    return max(found, default=(0, False, 0, ""))[-1]


def is_within(path: str, area: str) -> bool:
    """Say whether ``path`` is the page ``area`` or one below it."""
    return path == area or path.startswith(area + "/")


def bare_shell(scope: Scope) -> Shell:
    """Return a shell without a person, for pages shown before sign-in."""
    return Shell(path=scope["path"])
