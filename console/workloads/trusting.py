"""Asks for a trusted issuer, lists them, and ends the trust in one: an end needs one admin only."""

import json
from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select
from uuid_utils.compat import uuid7

from audit.event import Part
from audit.events import Action
from console.changes.asking import authorize_asking, propose
from console.changes.forms import ChangeCreated
from console.changes.kinds import Subject
from console.changes.seen import nothing
from console.clock import to_text
from console.errors import ConflictError
from console.questions import Resource
from console.work import UnitOfWork
from console.workloads.forms import TrustedIssuerAsk, TrustedIssuerRead
from console.workloads.rows import issuer_row
from policy.canonical import canonical
from policy.models import ChangeKind
from policy.permissions import Permission
from sso.models import Profile, ServiceAccount, TrustedIssuer


async def ask_trust(work: UnitOfWork, form: TrustedIssuerAsk) -> ChangeCreated:
    """Ask that tokens of an issuer become a service account; somebody else has to approve.

    Raises:
        RefusedError: the caller may not ask for it.
        NotFoundError: no such service account.
        ConflictError: people sign in by this issuer, or one of this name is trusted.
    """
    await authorize_asking(work, ChangeKind.TRUSTED_ISSUER)
    async with work.read() as session:
        account = await session.get(ServiceAccount, form.service)
        profile = await session.get(Profile, form.service)
    if account is None or profile is None:
        raise nothing()
    trusted = uuid7()
    keys = {"jwks_url": form.jwks_url} if form.jwks_url else {"jwks": form.jwks}
    content = {
        "trusted": str(trusted),
        "name": form.name,
        "issuer": form.issuer,
        "audience": form.audience,
        **keys,
        "pins": canonical(form.pins).decode(),
        "longest": form.longest_seconds,
        "service": profile.handle,
        "service_id": str(form.service),
    }
    subject = Subject("trusted_issuer", trusted, content)
    return await propose(work, ChangeKind.TRUSTED_ISSUER, subject, form.reason)


async def list_trusted(work: UnitOfWork) -> Sequence[TrustedIssuerRead]:
    """Return every issuer that is or was trusted, newest first."""
    await work.authorize(Permission.TRUSTED_ISSUER_READ, Resource("trusted_issuer"))
    query = (
        select(TrustedIssuer, Profile.handle)
        .join(Profile, col(Profile.person_id) == col(TrustedIssuer.service_id))
        .order_by(col(TrustedIssuer.id).desc())
    )
    async with work.read() as session:
        rows = (await session.exec(query)).all()
    return [_read(row, handle) for row, handle in rows]


async def end_trust(work: UnitOfWork, trusted_id: UUID, reason: str) -> None:
    """Trust an issuer no more, at once.

    Raises:
        RefusedError: the caller is no admin.
        NotFoundError: there is none by this id.
        ConflictError: it was ended before.
    """
    resource = Resource("trusted_issuer", trusted_id)
    await work.authorize(Permission.TRUSTED_ISSUER_REVOKE, resource)
    async with work.write() as session:
        row = await session.get(TrustedIssuer, trusted_id, with_for_update=True)
        if row is None:
            raise nothing()
        if row.revoked is not None:
            raise ConflictError("This issuer is trusted no more already.", ("revoked",))
        row.revoked, row.revoked_by = work.now, work.principal.id
        session.add(row)
        await work.record(
            Action.TRUSTED_ISSUER_REVOKE,
            resource=resource,
            rows=[issuer_row(row, work.now, gone=True)],
            parts=[Part(name="reason", subject=work.principal.id, content={"reason": reason})],
        )


def _read(row: TrustedIssuer, handle: str) -> TrustedIssuerRead:
    return TrustedIssuerRead(
        id=row.id,
        name=row.name,
        issuer=row.issuer,
        audience=row.audience,
        jwks_url=row.jwks_url,
        pins=json.loads(row.pins),
        longest_seconds=row.longest,
        service=row.service_id,
        service_handle=handle,
        state="revoked" if row.revoked is not None else "trusted",
        created=to_text(row.created),
    )
