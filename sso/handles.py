"""Handles: short, unique names for people, made from what the provider suggests."""

import re
import unicodedata
from itertools import count

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from sso.models import Profile

LONGEST = 48
FALLBACK = "person"


def clean_handle(suggestion: str | None) -> str:
    """Return `suggestion` as a handle: lower case ASCII letters, digits, `.`, `_`, `-`; no e-mail domain."""
    plain = unicodedata.normalize("NFKD", (suggestion or "").partition("@")[0])
    ascii_only = plain.encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9._-]+", "-", ascii_only).strip("-._")[:LONGEST] or FALLBACK


async def free_handle(db: AsyncSession, suggestion: str | None) -> str:
    """Return a handle nobody has: the cleaned suggestion, or the same with the first free number."""
    wanted = clean_handle(suggestion)
    # Underscore is a wildcard in LIKE, so names are compared here and not in SQL.
    near = await db.exec(
        select(Profile.handle).where(col(Profile.handle).startswith(wanted, autoescape=True))
    )
    taken = set(near.all())
    numbered = (f"{wanted}-{number}" for number in count(2))
    return wanted if wanted not in taken else next(handle for handle in numbered if handle not in taken)
