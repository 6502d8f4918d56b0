"""The scope of a role as people write it."""

import re

from console.errors import InvalidInputError
from console.people.forms import TEAM_NAME
from sso.scopes import read_scope

NO_SCOPE = "Write `all` or a JSON list of team names."


def is_scope(text: str) -> bool:
    """Say whether a text is a scope: `all`, or a JSON list of team names that is not empty."""
    try:
        scope = read_scope(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(scope, str) or (bool(scope) and all(re.fullmatch(TEAM_NAME, name) for name in scope))


def check_scope(text: str) -> None:
    """Let a scope pass.

    Raises:
        InvalidInputError: it is none.
    """
    if not is_scope(text):
        raise InvalidInputError(NO_SCOPE, ("invalid_scope",), {"scope": NO_SCOPE})
