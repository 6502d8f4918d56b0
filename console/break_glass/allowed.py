"""What break glass may do: a fixed list in code. No policy widens it, and no engine has to answer."""

from typing import Final

from uuid_utils.compat import uuid7

from policy.decision import Decision
from policy.permissions import Permission
from sso.principal import Principal

FLAG: Final = "break_glass"
"""The flag of every act under it."""
REFUSED: Final = "break_glass_may_not"
ENGINE: Final = "code"
ALLOWED: Final = frozenset(
    {
        Permission.BREAK_GLASS_CLOSE,
        Permission.BREAK_GLASS_REPAIR,
        Permission.GRANT_REVOKE,
        Permission.KEY_REVOKE,
        Permission.ROUTE_STOP,
        Permission.SESSION_REVOKE,
    }
)


def is_break_glass(principal: Principal) -> bool:
    """Say whether somebody acts by a sealed credential."""
    return principal.authentication.method == "break_glass"


def decide_in_code(permission: Permission, revision: str) -> Decision:
    """Return the decision on an act under break glass; `revision` is told, and plays no part."""
    allow = permission in ALLOWED
    return Decision(
        id=uuid7(),
        allow=allow,
        reasons=() if allow else (REFUSED,),
        missing=(),
        obligations=(),
        matched=(FLAG,) if allow else (),
        revision=revision,
        engine=ENGINE,
        valid_until=None,
    )
