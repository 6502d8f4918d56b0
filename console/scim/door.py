"""The door of `/scim/v2`: a SCIM credential and nothing else, asked before a body is read."""

from dataclasses import dataclass
from typing import Final

from scim2_models import UnauthorizedException
from scim2_server.requests import ScimRequest
from scim2_server.storage import AsyncScimStorage
from sqlmodel import col, select, update

from console.questions import Origin, Resource
from console.scim.storage import TableStorage
from console.scim.told import telling
from console.services import Services
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.models import ScimCredential
from sso.principal import Authentication, Principal
from sso.scim.application import Caller, ScimApplication, Scope
from sso.scim.tokens import ScimToken, read_token

TOUCH_EVERY: Final = 60_000_000
"""How exactly the last use is kept, in microseconds."""
SCOPES: Final = frozenset({Permission.SCIM_READ.value, Permission.SCIM_WRITE.value})


@dataclass(frozen=True, slots=True)
class LetIn:
    """A directory that was let in, and the storage it works on."""

    may_write: bool
    storage: AsyncScimStorage


class StrangerError(Exception):
    """No live credential of ours; `reason` is counted, and the stranger hears nothing of it."""

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason


class Door:
    """Finds the credential a request carries, and asks whether it may."""

    def __init__(self, services: Services) -> None:
        """Stand before the tables of `services`."""
        self._services = services

    async def admit(self, scope: Scope, request: ScimRequest, writes: bool) -> Caller:  # noqa: FBT001 - by place
        """Let a request in by its `Authorization` header; cookies and addresses are not looked at.

        Raises:
            UnauthorizedException: no live credential of ours; counted like other strangers' refusals.
            ForbiddenException: refused by policy, and recorded.
            ScimUnavailableError: it could not be decided or read.
        """
        client, agent = scope.get("client"), (request.header("user-agent") or "")[:200]
        origin = Origin("scim", client[0] if client else None, agent or None)
        permission = Permission.SCIM_WRITE if writes else Permission.SCIM_READ
        with telling():
            try:
                credential, work = await self._read(request.header("authorization"), permission, origin)
            except StrangerError as stranger:
                self._services.denials.count_stranger(origin.address, [stranger.reason])
                raise UnauthorizedException(detail="Send a live SCIM credential as a bearer token.") from None
            await self._touch(credential)
            await work.authorize(permission, resource_of(credential))
        return LetIn(writes, TableStorage(work, credential, writes=writes))

    async def _read(
        self, header: str | None, permission: Permission, origin: Origin
    ) -> tuple[ScimCredential, UnitOfWork]:
        """Read the credential, and what deciding about it needs, in one snapshot: half of a write's reads."""
        token = token_in(header)
        async with self._services.database.read() as session:
            known = await session.exec(select(ScimCredential).where(col(ScimCredential.token_id) == token.id))
            credential = self._checked(token, known.first())
            work = UnitOfWork(self._services, principal_of(credential), origin)
            await work.read_ahead(session, permission, resource_of(credential))
        return credential, work

    def _checked(self, token: ScimToken, found: ScimCredential | None) -> ScimCredential:
        if found is None or not token.is_kept_as(found.verifier, self._services.identity_key):
            raise StrangerError("scim_token_unknown")
        if found.revoked is not None or self._services.clock() >= found.expires:
            raise StrangerError("scim_token_ended")
        return found

    async def _touch(self, credential: ScimCredential) -> None:
        now = self._services.clock()
        if credential.used is not None and now - credential.used < TOUCH_EVERY:
            return
        async with self._services.database.write() as session:
            own = col(ScimCredential.id) == credential.id
            await session.exec(update(ScimCredential).where(own).values(used=now))


def token_in(header: str | None) -> ScimToken:
    """Return the token an `Authorization` header carries.

    Raises:
        StrangerError: none of ours is in it.
    """
    scheme, _, text = (header or "").partition(" ")
    token = read_token(text.strip()) if scheme.lower() == "bearer" else None
    if token is None:
        raise StrangerError("scim_token_invalid" if header else "scim_token_missing")
    return token


def resource_of(credential: ScimCredential) -> Resource:
    """Return the door as what is acted on, by this credential."""
    return Resource("scim", credential.id)


def principal_of(credential: ScimCredential) -> Principal:
    """Return a credential as who acts: a service with nothing but the two rights at this door."""
    proof = Authentication(
        method="bearer",
        issuer=credential.issuer,
        subject=str(credential.id),
        scopes=SCOPES,
        expires=credential.expires // 1_000_000,
    )
    handle = f"scim:{credential.name}"
    return Principal(credential.id, "service", handle, credential.name, proof, may_hold_rights=False)


def scim_application(services: Services) -> ScimApplication:
    """Return the application to mount at `/scim`."""
    return ScimApplication(Door(services).admit, services.settings.base_url)
