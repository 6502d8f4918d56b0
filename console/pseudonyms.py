"""What stands where an erased person's name stood: a pseudonym, the end of the id that stays."""

from typing import Final
from uuid import UUID

SHOWN: Final = 12
"""Characters of the id that are shown: its random end, since its beginning is a time."""


def pseudonym(person: UUID) -> str:
    """Return how an erased person is spoken of; the whole id still finds what they did."""
    return f"erased person {str(person)[-SHOWN:]}"
