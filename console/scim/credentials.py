"""The credentials of directories: asked for by an admin, approved by somebody else, listed, and revoked."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlmodel import col, select
from uuid_utils.compat import uuid7

from audit.event import Part
from audit.events import Action
from console.changes.asking import authorize_asking, propose
from console.changes.kinds import Subject
from console.changes.seen import nothing
from console.clock import to_text
from console.errors import ConflictError, InvalidInputError
from console.questions import Resource
from console.scim.forms import ScimCredentialAsk, ScimCredentialAsked, ScimCredentialRead
from console.scim.rows import credential_row
from console.web.times import to_datetime
from console.work import UnitOfWork
from policy.models import ChangeKind
from policy.permissions import Permission
from sso.models import ScimCredential
from sso.scim.tokens import new_token

LONGEST_DAYS: Final = 365


async def ask_credential(work: UnitOfWork, form: ScimCredentialAsk) -> ScimCredentialAsked:
    """Ask for a credential. Its token is in the answer and nowhere else; it opens nothing until approved.

    Raises:
        RefusedError: the caller may not ask for it.
        InvalidInputError: it would end too late, or has ended.
        ConflictError: the issuer is not configured, or a live credential has this name.
    """
    await authorize_asking(work, ChangeKind.SCIM_CREDENTIAL)
    _check_end(work, form)
    token, credential = new_token(), uuid7()
    content = {
        "credential": str(credential),
        "name": form.name,
        "issuer": form.issuer,
        "subject_from": form.subject_from.value,
        "groups_as": form.groups_as.value,
        "expires": form.expires.isoformat(),
        "token_id": token.id,
        "verifier": token.verifier(work.services.identity_key),
    }
    subject = Subject("scim_credential", credential, content)
    asked = await propose(work, ChangeKind.SCIM_CREDENTIAL, subject, form.reason)
    return ScimCredentialAsked(**asked.model_dump(), credential=credential, token=token.text)


async def list_credentials(work: UnitOfWork) -> Sequence[ScimCredentialRead]:
    """Return every credential, newest first."""
    await work.authorize(Permission.SCIM_CREDENTIAL_READ, Resource("scim_credential"))
    async with work.read() as session:
        rows = (await session.exec(select(ScimCredential).order_by(col(ScimCredential.id).desc()))).all()
    return [credential_read(row, work.now) for row in rows]


async def revoke_credential(work: UnitOfWork, credential_id: UUID, reason: str) -> None:
    """End a credential now.

    Raises:
        RefusedError: the caller is no admin.
        NotFoundError: there is none by this id.
        ConflictError: it was revoked before.
    """
    resource = Resource("scim_credential", credential_id)
    await work.authorize(Permission.SCIM_CREDENTIAL_REVOKE, resource)
    async with work.write() as session:
        row = await session.get(ScimCredential, credential_id, with_for_update=True)
        if row is None:
            raise nothing()
        if row.revoked is not None:
            raise ConflictError("This credential was revoked before.", ("revoked",))
        row.revoked, row.revoked_by = work.now, work.principal.id
        session.add(row)
        await work.record(
            Action.SCIM_CREDENTIAL_REVOKE,
            resource=resource,
            rows=[credential_row(row, work.now, gone=True)],
            parts=[Part(name="reason", subject=work.principal.id, content={"reason": reason})],
        )


def credential_read(row: ScimCredential, now: int) -> ScimCredentialRead:
    """Return a credential as it is shown: never what its token was."""
    return ScimCredentialRead(
        id=row.id,
        name=row.name,
        issuer=row.issuer,
        subject_from=row.subject_from.value,
        groups_as=row.groups_as.value,
        token_id=row.token_id,
        state="revoked" if row.revoked is not None else "ended" if row.expires <= now else "live",
        expires=to_text(row.expires),
        used=to_text(row.used) if row.used is not None else None,
    )


def _check_end(work: UnitOfWork, form: ScimCredentialAsk) -> None:
    today = to_datetime(work.now).date()
    if not today < form.expires <= today + timedelta(days=LONGEST_DAYS):
        wrong = {"expires": f"Choose a day after today, at most {LONGEST_DAYS} days away."}
        raise InvalidInputError("This credential cannot be asked for.", ("invalid_end",), wrong)
