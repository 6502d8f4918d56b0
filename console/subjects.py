"""The `subject` member of a policy document: who asks, with the rights our tables hold."""

from sqlmodel.ext.asyncio.session import AsyncSession

from policy.decision import Document
from policy.facts import describe_subject
from sso.directory import PersonRights, rights_of
from sso.principal import Principal


async def subject_of(session: AsyncSession, principal: Principal) -> Document:
    """Return what policy may know of `principal`; rights come from the tables, never from claims."""
    known = principal.kind != "system" and principal.may_hold_rights
    rights = await rights_of(session, principal.id) if known else PersonRights()
    proof = principal.authentication
    key = proof.key
    return describe_subject(
        id=principal.id,
        kind=principal.kind,
        method=proof.method,
        teams=rights.teams,
        owner_of=rights.owner_of,
        roles=((role.value, scope) for role, scope in rights.roles),
        scopes=proof.scopes,
        acr=proof.acr,
        auth_time=proof.auth_time,
        key_scopes=key.scopes if key else (),
        key_routes=key.routes if key else None,
    )
