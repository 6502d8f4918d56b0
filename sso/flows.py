"""A sign-in under way: one row, tied to one browser, taken once, ten minutes long."""

import hashlib
import re
from urllib.parse import unquote

import sqlalchemy as sa
from sqlmodel import col, delete
from sqlmodel.ext.asyncio.session import AsyncSession

from sso.clock import MICROSECONDS
from sso.errors import SignInError
from sso.models import SignIn

LIFETIME = 10 * 60 * MICROSECONDS
LONGEST_PATH = 2000
HOME = "/"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def flow_key(cookie: str, state: str) -> str:
    """Return the key of the sign-in that `cookie` (this browser) and `state` (this answer) name together."""
    return hashlib.sha256(f"{cookie}\n{state}".encode()).hexdigest()


async def keep(db: AsyncSession, row: SignIn) -> None:
    """Keep a started sign-in, and forget those that are over."""
    await db.exec(delete(SignIn).where(col(SignIn.created) < row.created - LIFETIME))
    db.add(row)
    await db.flush()


async def take(db: AsyncSession, cookie: str | None, state: str | None, now: int) -> SignIn:
    """Take the sign-in out of the table; the caller commits before it asks the provider anything.

    Raises:
        SignInError: unknown_sign_in: another browser's, taken before, or older than ten minutes.
    """
    if not cookie or not state:
        raise SignInError("unknown_sign_in")
    columns = sa.inspect(SignIn).columns
    taken = delete(SignIn).where(col(SignIn.id_hash) == flow_key(cookie, state)).returning(*columns)
    found = (await db.exec(taken)).mappings().one_or_none()
    if found is None or not 0 <= now - found["created"] <= LIFETIME:
        raise SignInError("unknown_sign_in")
    return SignIn(**found)


def safe_next_path(path: str | None) -> str:
    """Return `path` when it is a plain path on this site, else the home page.

    Decoded first, because a browser or a proxy may decode what we would not.
    """
    if not path or len(path) > LONGEST_PATH or not path.isascii() or not path.isprintable() or " " in path:
        return HOME
    decoded = unquote(unquote(path))
    local = path.startswith("/") and decoded.startswith("/") and not decoded.startswith("//")
    return path if local and "\\" not in decoded and not _CONTROL.search(decoded) else HOME
