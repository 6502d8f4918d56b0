"""The `subject` member of a policy document: who asks, with the rights our tables hold."""

from sqlmodel.ext.asyncio.session import AsyncSession

from sso.directory import rights_of
from sso.principal import Authentication, Principal


async def subject_of(session: AsyncSession, principal: Principal) -> dict[str, object]:
    """Return what policy may know of `principal`; rights come from the tables, never from claims."""
    return {
        "id": str(principal.id),
        "kind": principal.kind,
        **await _rights(session, principal),
        "scopes": _scopes(principal.authentication),
        "auth": {
            "method": principal.authentication.method,
            "acr": principal.authentication.acr,
            "auth_time": principal.authentication.auth_time,
        },
    }


async def _rights(session: AsyncSession, principal: Principal) -> dict[str, object]:
    if principal.kind == "system":
        return {"teams": [], "owner_of": [], "roles": []}
    rights = await rights_of(session, principal.id)
    return {
        "teams": sorted(rights.teams),
        "owner_of": sorted(rights.owner_of),
        "roles": [
            {"role": str(role), "scope": scope if scope == "all" else sorted(scope)}
            for role, scope in rights.roles
        ],
    }


def _scopes(authentication: Authentication) -> list[str] | None:
    return None if authentication.scopes is None else sorted(authentication.scopes)
