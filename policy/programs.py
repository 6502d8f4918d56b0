"""What a key may be used for at most: the floor below every bundle.

Programs call models and read; they answer no request, look after no people and make no keys. The bundle says
the same (`programs` in its data), and a bundle that said more would still be held to this.
"""

from collections.abc import Collection
from typing import Final

from policy.decision import Query
from policy.permissions import Permission

PROGRAMS: Final = frozenset(
    {
        Permission.AUDIT_EXPORT,
        Permission.AUDIT_READ,
        Permission.CLUSTER_READ,
        Permission.CLUSTER_SYNC,
        Permission.GRANT_READ,
        Permission.HEALTH_READ,
        Permission.LOG_READ,
        Permission.MODEL_DESCRIBE,
        Permission.MODEL_INVOKE,
        Permission.MODEL_PUBLISH,
        Permission.MODEL_READ,
        Permission.ROUTE_STOP,
        Permission.SELF_READ,
        Permission.SINK_READ,
    }
)


def refused_by_key(query: Query) -> str | None:
    """Return why the key that asks may not do this, whoever it belongs to; None for everybody without one."""
    auth = query.subject.get("auth")
    if not isinstance(auth, dict) or auth.get("method") != "key":
        return None
    if query.action not in PROGRAMS or query.action not in _names(query.subject.get("key_scopes")):
        return f"key_scope_missing:{query.action}"
    routes = query.subject.get("key_routes")
    if routes is not None and query.resource.get("name") not in _names(routes):
        return "key_not_for_route"
    return None


def _names(value: object) -> Collection[object]:
    return value if isinstance(value, list) else ()
