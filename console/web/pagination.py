"""Keyset pages: a slice of a list and the key at which the next slice starts.

A cursor is the sort key of the last item shown. It is not secret and not signed: it says only where
to continue, every query still authorizes and filters, and a forged one shows another allowed slice.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

PAGE_SIZE = 50
LONGEST_CURSOR = 1024

Item = TypeVar("Item")
Key = tuple[str | int, ...]


class CursorError(ValueError):
    """The cursor in the address is not one of ours; the answer is 400."""


@dataclass(frozen=True)
class KeysetPage(Generic[Item]):
    """Items in order, and the cursor of the next page or None at the end."""

    items: Sequence[Item]
    next: str | None = None


def encode_cursor(key: Key) -> str:
    """Return a sort key as text that fits an address."""
    # Written unescaped: escapes would make a name in another script six times as long as it is.
    text = json.dumps(key, separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def decode_cursor(cursor: str, length: int) -> Key:
    """Return the sort key in ``cursor``.

    Args:
        cursor: text from an address.
        length: how many values the list sorts by.

    Raises:
        CursorError: it is malformed, or holds anything but ``length`` texts and integers.
    """
    try:
        padded = cursor[:LONGEST_CURSOR] + "=" * (-len(cursor) % 4)
        key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise CursorError("The page marker in the address is not valid.") from None
    plain = isinstance(key, list) and len(key) == length and all(type(value) in (str, int) for value in key)
    if not plain:
        raise CursorError("The page marker in the address is not valid.")
    return tuple(key)


def cut_page(rows: Sequence[Item], key: Callable[[Item], Key], size: int = PAGE_SIZE) -> KeysetPage[Item]:
    """Make a page of ``rows``, of which the query fetched up to ``size + 1``."""
    items = rows[:size]
    return KeysetPage(items, encode_cursor(key(items[-1])) if len(rows) > size else None)


def next_href(path: str, query: Sequence[tuple[str, str]], page: KeysetPage[Item]) -> str | None:
    """Return the address of the next page with the same filters, or None at the end."""
    if page.next is None:
        return None
    kept = [(name, value) for name, value in query if name != "after"]
    return f"{path}?{urlencode([*kept, ('after', page.next)])}"
