"""Constructors of the documents that Rego decides over (docs/reference/decision-document.md).

Teams appear by name, ids as lower-case text, times as whole seconds.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal
from uuid import UUID

from policy.decision import Document
from policy.grants import GrantFacts, effective_end
from policy.models import PrincipalType

RoleScope = Literal["all"] | Sequence[str]
_MICROSECONDS = 1_000_000


def describe_subject(  # noqa: D417 - the names say what they are
    *,
    id: UUID | str,  # noqa: A002 - the document's own key
    kind: Literal["person", "service", "system"],
    method: Literal["break_glass", "bearer", "key", "session", "system"],
    teams: Iterable[str] = (),
    owner_of: Iterable[str] = (),
    roles: Iterable[tuple[str, RoleScope]] = (),
    scopes: Iterable[str] | None = None,
    acr: str | None = None,
    auth_time: int | None = None,
    key_scopes: Iterable[str] = (),
    key_routes: Iterable[str] | None = None,
) -> Document:
    """Describe who asks.

    Args:
        roles: platform roles with their scope, ``"all"`` or team names.
        scopes: actions a limited credential carries; None is a credential without limits.
        auth_time: seconds.
        key_scopes: what the key that was used is for; only with the method ``key``.
        key_routes: the routes it is bound to; None is every route of its owner.
    """
    described: dict[str, object] = {
        "kind": kind,
        "id": str(id),
        "auth": {"method": method, "acr": acr, "auth_time": auth_time},
        "teams": sorted(set(teams)),
        "owner_of": sorted(set(owner_of)),
        "scopes": None if scopes is None else sorted(set(scopes)),
        "roles": [_describe_role(role, scope) for role, scope in roles],
    }
    if method == "key":
        described["key_scopes"] = sorted(set(key_scopes))
        described["key_routes"] = None if key_routes is None else sorted(set(key_routes))
    return described


def describe_system() -> Document:
    """Describe the installation itself, as it seeds the demo."""
    return describe_subject(id="system", kind="system", method="system")


def describe_route(
    *,
    id: UUID | str,  # noqa: A002 - the document's own key
    name: str,
    team: str,
    visibility: str,
    tier: str,
    data_class: str,
    state: str = "active",
    receiving_team: str | None = None,
) -> Document:
    """Describe a route. ``team`` owns its model; ``receiving_team`` only where access is asked for."""
    route: dict[str, object] = {
        "type": "route",
        "team": team,
        "visibility": visibility,
        "state": state,
        "id": str(id),
        "name": name,
        "tier": tier,
        "data_class": data_class,
    }
    if receiving_team is not None:
        route["receiving_team"] = receiving_team
    return route


def describe_access_request(id: UUID | str, route: Document) -> Document:  # noqa: A002 - the document's own key
    """Describe an access request by the route it is about; the change itself goes into the context."""
    return {**route, "type": "access_request", "id": str(id)}


def describe_resource(
    type: str,  # noqa: A002 - the document's own key
    *,
    id: UUID | str | None = None,  # noqa: A002 - the same
    **facts: str,
) -> Document:
    """Describe any other resource. Without ``id`` and ``team`` it is the collection of its type.

    Facts the rules read: ``team`` and ``visibility`` (model, grant, audit event), ``person`` (whose session
    or receipt it is), ``part`` (of the log: checkpoint, tile, entries).
    """
    named = {} if id is None else {"id": str(id)}
    return {"type": type, **named, **facts}


def describe_grant(grant: GrantFacts, *, team: str | None = None) -> Document:
    """Describe a grant; ``team`` is the team's name where a team holds it."""
    holder = team if grant.principal_type is PrincipalType.TEAM else str(grant.principal_id)
    return {
        "permission": grant.permission,
        "resource_id": str(grant.resource_id),
        "principal_type": grant.principal_type.value,
        "principal_id": holder,
        "starts": grant.starts // _MICROSECONDS,
        "ends": effective_end(grant) // _MICROSECONDS,
        "id": str(grant.id),
    }


def describe_change(
    *,
    id: UUID | str,  # noqa: A002 - the document's own key
    requester: UUID | str,
    content_hash: str,
    tier: str,
    data_class: str,
    team: str,
    receiving_team: str,
    reviews: Iterable[Document] = (),
    kind: str = "access",
    purpose: str = "",
    duration_days: int | None = None,
    selves: Iterable[UUID | str] = (),
    overdue: bool = False,
    parties: Iterable[UUID | str] = (),
) -> Document:
    """Describe a change. ``team`` owns the model; ``reviews`` are those that sign the present content.

    ``purpose`` is the model's; ``selves`` count as who asked; ``overdue``: the time to answer has passed.
    """
    return {
        "id": str(id),
        "kind": kind,
        "requester": str(requester),
        "content_hash": content_hash,
        "tier": tier,
        "data_class": data_class,
        "team": team,
        "receiving_team": receiving_team,
        "reviews": [dict(review) for review in reviews],
        "purpose": purpose,
        "duration_days": duration_days,
        "parties": sorted(map(str, parties)),
        "selves": sorted(map(str, selves)),
        "overdue": overdue,
    }


def describe_change_of(
    kind: str,
    *,
    id: UUID | str,  # noqa: A002 - the document's own key
    requester: UUID | str,
    content_hash: str,
    parties: Iterable[UUID | str] = (),
    reviews: Iterable[Document] = (),
    selves: Iterable[UUID | str] = (),
    overdue: bool = False,
    about: Mapping[str, str] = MappingProxyType({}),
) -> Document:
    """Describe a change of another kind than access; ``parties`` are whom it is about, who may not answer.

    ``about`` is what of a model it concerns, where it does: its team, tier, data class and purpose.
    """
    return {
        **about,
        "id": str(id),
        "kind": kind,
        "requester": str(requester),
        "content_hash": content_hash,
        "parties": sorted(map(str, parties)),
        "reviews": [dict(review) for review in reviews],
        "selves": sorted(map(str, selves)),
        "overdue": overdue,
    }


def describe_review(
    by: UUID | str, decision: str, groups: Iterable[str], *, stands_for: UUID | str | None = None
) -> Document:
    """Describe a review by the groups it counts for now; a deputy's names whom it stands for."""
    document: dict[str, object] = {"by": str(by), "decision": decision, "groups": sorted(set(groups))}
    if stands_for is not None:
        document["for"] = str(stands_for)
    return document


def with_deputies(subject: Document, delegators: Iterable[Document]) -> Document:
    """Return a subject with those it may stand in for, each described as a subject of its own."""
    named = [
        {"id": one["id"], "owner_of": one["owner_of"], "roles": one["roles"]}
        for one in sorted(delegators, key=lambda one: str(one["id"]))
    ]
    return {**subject, "deputy_for": named} if named else subject


def describe_context(
    *, now: int, allowed_acr: Iterable[str], profile: str, change: Document | None = None
) -> Document:
    """Describe the circumstances. ``now`` is in seconds; the rules have no other clock.

    ``allowed_acr`` keeps its order, most wanted first: a challenge names the values in it (RFC 9470).
    """
    return {
        "now": now,
        "allowed_acr": list(dict.fromkeys(allowed_acr)),
        "profile": profile,
        "change": None if change is None else dict(change),
    }


def groups_of(subject: Document, team: str) -> frozenset[str]:
    """Return the approval groups a subject belongs to: the teams it owns, and reviewer for ``team``'s."""
    owners = {f"owner:{name}" for name in _names(subject.get("owner_of"))}
    return frozenset(owners | ({"reviewer"} if _reviews(subject, team) else set()))


def _reviews(subject: Document, team: str) -> bool:
    roles = subject.get("roles")
    held = roles if isinstance(roles, list) else []
    return any(
        role.get("role") == "reviewer" and (role.get("scope") == "all" or team in _names(role.get("scope")))
        for role in held
    )


def _names(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _describe_role(role: str, scope: RoleScope) -> dict[str, object]:
    return {"role": role, "scope": "all" if scope == "all" else sorted(set(scope))}
