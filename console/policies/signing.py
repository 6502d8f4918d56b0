"""The worker's pen: it signs the active revision, and only when a change that was carried out made it so."""

import asyncio
import contextlib
import logging
from typing import Final

from joserfc.jwk import ECKey
from sqlalchemy.exc import DBAPIError
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.errors import ConsoleError
from console.policies.bundles import keep_bundle, read_kept
from console.policies.keys import signing_key
from console.questions import Origin, Resource
from console.services import Services
from console.work import UnitOfWork
from policy.errors import BundleError
from policy.models import ActivePolicy, Change, ChangeState, PolicyBundle
from policy.signing import key_id, sign_bundle
from sso.principal import system_principal

EVERY_SECONDS: Final = 0.5
UNCHANGED: Final = "No approved change made this revision the active one, so it is not signed."
log = logging.getLogger("guildhall.worker")


async def sign_active(services: Services, key: ECKey) -> str | None:
    """Sign the active revision if that is still to be done; return the revision that was signed now, if any.

    Raises:
        BundleError: its files were changed, or nothing that two people did made it active.
        AuditUnavailableError: it could not be recorded, so it is not signed.
    """
    async with services.database.read() as session:
        row = await _unsigned(session, services, key)
    if row is None:
        return None
    work = UnitOfWork(services, system_principal("worker"), Origin("process"))
    async with work.write() as session:
        revision = await _to_sign(session, services)
        kept = await session.get_one(PolicyBundle, revision)
        kept.signature, kept.key_id = sign_bundle(read_kept(kept), key), key_id(key)
        kept.signed = work.now
        session.add(kept)
        told = {"revision": revision, "key_id": kept.key_id, "signature": kept.signature}
        await work.record(
            Action.POLICY_SIGN,
            resource=Resource("policy", None),
            parts=[Part(name="signed", subject=None, content=told)],
        )
    return revision


async def _unsigned(session: AsyncSession, services: Services, key: ECKey) -> str | None:
    await services.policies.active(session)  # so that what this process records names it too
    revision = await _active(session, services)
    row = await session.get(PolicyBundle, revision)
    return revision if row is None or row.signature is None or row.key_id != key_id(key) else None


async def _to_sign(session: AsyncSession, services: Services) -> str:
    revision, shipped = await _active(session, services), services.policies.shipped
    if revision == shipped.revision:
        await keep_bundle(session, shipped.files, services.clock())
    return revision


async def _active(session: AsyncSession, services: Services) -> str:
    """Return the active revision, made so by the product itself or by an approved change."""
    row = (await session.exec(select(ActivePolicy))).first()
    if row is None:
        return services.policies.shipped.revision
    change = await session.get(Change, row.change_id)
    if change is None or change.state is not ChangeState.APPROVED:
        raise BundleError(UNCHANGED)
    return row.revision


class BundleSigning:
    """Looks twice a second whether the active revision is still to be signed."""

    def __init__(self, services: Services) -> None:
        """Sign with the bundle key in the data folder; made at first use."""
        self._services = services
        self._key = signing_key(services.policies.keys)
        self._trouble: str | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Sign until `stop` is set; an outage is waited out."""
        while not stop.is_set():
            await self.sign()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), EVERY_SECONDS)

    async def sign(self) -> None:
        """Sign what is to be signed; what keeps it from that is logged when it changes."""
        try:
            await sign_active(self._services, self._key)
        except (BundleError, ConsoleError, DBAPIError) as error:
            if str(error) != self._trouble:
                log.warning("the active revision of the policies is not signed: %s", type(error).__name__)
            self._trouble = str(error)
        else:
            self._trouble = None
