"""What somebody looks for in the catalog, as conditions on its rows."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from console.models import Model, Route
from sso.models import Team

LONGEST_SEARCH = 200
"""Characters of a search that count; more are left out."""
FACETS = ("team", "tier", "data_class", "visibility", "task")
COLUMNS: dict[str, Any] = {
    "team": col(Team.name),
    "tier": col(Model.tier),
    "data_class": col(Model.data_class),
    "visibility": col(Model.visibility),
    "task": col(Model.task),
}


@dataclass(frozen=True, slots=True)
class RouteFilter:
    """What somebody looks for: words in names and texts, and chosen facets."""

    text: str = ""
    chosen: tuple[tuple[str, str], ...] = ()


def conditions(wanted: RouteFilter) -> list[sa.ColumnElement[bool]]:
    """Return the conditions a row of route, model and team must fulfil.

    Every word must be in the name, title, summary or task, whatever its case; of the values chosen in one
    facet any will do.
    """
    words = clean(wanted.text[:LONGEST_SEARCH]).lower().split()
    found = [_text(word).contains(word, autoescape=True) for word in dict.fromkeys(words)]
    for name in FACETS:
        values = [clean(value) for facet, value in wanted.chosen if facet == name]
        if values:
            found.append(sa.cast(COLUMNS[name], sa.String).in_(values))
    return found


def _text(word: str) -> sa.ColumnElement[str]:
    parts = col(Route.name) + " " + col(Model.title) + " " + col(Model.summary) + " " + col(Model.task)
    text: sa.ColumnElement[str] = sa.func.lower(parts)
    # SQLite lowers ASCII only; of the rest, the word's own letters are enough.
    for letter in sorted({sign for sign in word if not sign.isascii() and len(sign.upper()) == 1}):
        text = sa.func.replace(text, letter.upper(), letter)
    return text


def clean(text: str) -> str:
    """Return text that both databases take: NUL and halves of surrogates match nothing."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
