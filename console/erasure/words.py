"""Free text in the tables: a person's own words go, and their name goes from the words of others.

What reviewers signed stays bound by its hash, which is kept beside the text and never computed anew.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, delete, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.models import LegalHold
from console.models import Campaign, CampaignItem, Route
from policy.canonical import canonical
from policy.models import Change, Grant, Review
from sso.models import SignIn

ERASED: Final = "erased"
"""Stands where a person's own words, or their name, stood."""
FREE_MEMBERS: Final = frozenset({"purpose", "reason"})
"""Members of a change's content that its requester wrote freely."""
FREE_COLUMNS: Final = (
    (Review, "reason"),
    (Review, "meaning"),
    (Grant, "revoke_reason"),
    (LegalHold, "reason"),
    (Route, "stop_reason"),
    (Campaign, "reason"),
    (CampaignItem, "meaning"),
    (CampaignItem, "reason"),
)

PLAIN: Final = re.compile(r"[ !#-\[\]-~]+")
"""Characters that databases compare alike, and that JSON writes as they are."""

Rewrite = Callable[[str], str]


async def erase_own_words(session: AsyncSession, person: UUID) -> None:
    """Take away what the person wrote in requests, answers and revocations."""
    for change in await session.exec(select(Change).where(col(Change.requester_id) == person)):
        change.content = rewrite_content(change.content, lambda _: ERASED)
        session.add(change)
    answers = update(Review).where(col(Review.reviewer_id) == person)
    await session.exec(answers.values(reason=ERASED, meaning=ERASED))
    kept = update(CampaignItem).where(col(CampaignItem.reviewer_id) == person)
    await session.exec(kept.values(reason=ERASED, meaning=ERASED))
    await session.exec(update(Campaign).where(col(Campaign.opened_by) == person).values(reason=ERASED))
    revoked = update(Grant).where(col(Grant.revoked_by) == person)
    await session.exec(revoked.values(revoke_reason=ERASED))


async def erase_mentions(session: AsyncSession, names: Collection[str]) -> None:
    """Take the person's names out of what others wrote: as whole words, in any case."""
    if not names:
        return
    mention = find_names(names)
    for change in await _holding(session, Change, "content", names):
        change.content = rewrite_content(change.content, lambda text: mention.sub(ERASED, text))
    for table, column in FREE_COLUMNS:
        for row in await _holding(session, table, column, names):
            text = getattr(row, column)
            setattr(row, column, text and mention.sub(ERASED, text))
    # A sign-in under way may lead back to a search that names them.
    paths = [
        col(SignIn.next_path).icontains(one, autoescape=True) for name in names for one in (name, quote(name))
    ]
    await session.exec(delete(SignIn).where(sa.or_(*paths)))


def find_names(names: Collection[str]) -> re.Pattern[str]:
    """Return the pattern that finds each name as a whole word, the longest first."""
    ordered = sorted(names, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, ordered))})(?!\w)", re.IGNORECASE)


def rewrite_content(content: str, rewrite: Rewrite) -> str:
    """Return a change's content with each free text rewritten; everything else stays as it was signed."""
    return canonical(_walk(json.loads(content), rewrite, free=False)).decode()


def _walk(value: object, rewrite: Rewrite, *, free: bool) -> object:
    if isinstance(value, dict):
        return {key: _walk(item, rewrite, free=key in FREE_MEMBERS) for key, item in value.items()}
    if isinstance(value, list):
        return [_walk(item, rewrite, free=free) for item in value]
    return rewrite(value) if free and isinstance(value, str) else value


async def _holding(session: AsyncSession, table: Any, column: str, names: Collection[str]) -> list[Any]:  # noqa: ANN401 - one of four
    found = _contains_any(getattr(table, column), map(_hint, names))
    rows = list(await session.exec(select(table).where(found)))
    session.add_all(rows)
    return rows


def _contains_any(column: Any, texts: Iterable[str]) -> sa.ColumnElement[bool]:  # noqa: ANN401 - of any table
    return sa.or_(*(col(column).icontains(text, autoescape=True) for text in texts))


def _hint(name: str) -> str:
    # SQLite knows capitals of ASCII only, and JSON escapes quotes; without a plain piece every row is read.
    return max(PLAIN.findall(name), key=len, default="")
