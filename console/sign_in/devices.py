"""What a person knows a browser by: its name and its system, as far as the browser says."""

from collections.abc import Sequence
from typing import Final

BROWSERS: Final = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
"""In the order in which they must be looked for: most claim to be others too."""

SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device_name(user_agent: str | None) -> str | None:
    """Return a few words for a browser; None when it says nothing that people would know."""
    browser, system = _first(BROWSERS, user_agent), _first(SYSTEMS, user_agent)
    known = [word for word in (browser, system) if word]
    return " on ".join(known) or None


def _first(known: Sequence[tuple[str, str]], user_agent: str | None) -> str | None:
    return next((name for mark, name in known if mark in (user_agent or "")), None)
