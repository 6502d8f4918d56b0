"""The team a group becomes, by name."""

import re
import unicodedata
from typing import Final

from scim2_models import InvalidValueException

LONGEST: Final = 32


def team_name(display_name: str) -> str:
    """Return a group's name as a team's: lower-case ASCII letters and digits with single hyphens.

    Raises:
        InvalidValueException: nothing is left of it.
    """
    plain = unicodedata.normalize("NFKD", display_name).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST].strip("-")
    if not name:
        raise InvalidValueException(detail="No team can be named after this group; give it a mapping rule.")
    return name
