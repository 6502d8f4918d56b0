"""The one shape of lists in the API: `{"items": […], "next": …}`."""

from typing import Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel

from console.errors import InvalidInputError
from console.web.pagination import CursorError, Key, KeysetPage, decode_cursor

Item = TypeVar("Item", bound=BaseModel)


class Listing(BaseModel, Generic[Item]):
    """Items in order; `next` is what `after` takes to go on, or null at the end."""

    items: list[Item]
    next: str | None = None

    @classmethod
    def of(cls, page: KeysetPage[Item]) -> "Listing[Item]":
        """Return a page as the API writes it."""
        return cls(items=list(page.items), next=page.next)


def cursor(text: str, length: int) -> Key | None:
    """Return the sort key a client sends as `after`, or None for the first page.

    Raises:
        InvalidInputError: it is none of ours.
    """
    try:
        return decode_cursor(text, length) if text else None
    except CursorError as error:
        raise InvalidInputError(str(error), ("invalid_cursor",), {"after": str(error)}) from None


def cursor_id(after: Key) -> UUID:
    """Return the id at which the next page starts.

    Raises:
        InvalidInputError: the cursor holds none.
    """
    try:
        return UUID(str(after[0]))
    except ValueError:
        sentence = "The page marker in the address is not valid."
        raise InvalidInputError(sentence, ("invalid_cursor",), {"after": sentence}) from None
