"""What the pages of the directories show."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from console.changes.asking import authorize_asking
from console.people.sections import Section, sections_for
from console.questions import Resource
from console.scim.credentials import list_credentials
from console.scim.forms import ScimCredentialAsk, ScimCredentialAsked, ScimCredentialRead
from console.web.forms import Form
from console.work import UnitOfWork
from policy.models import ChangeKind
from policy.permissions import Permission


@dataclass(frozen=True, slots=True)
class Directories:
    """Every credential, what the caller may do, and the one just asked for with its token."""

    credentials: Sequence[ScimCredentialRead]
    address: str
    may_ask: bool
    may_revoke: bool
    asked: ScimCredentialAsked | None = field(repr=False)
    sections: Sequence[Section]
    empty_form: Form[Any] = field(default_factory=Form)


@dataclass(frozen=True, slots=True)
class AskPage:
    """The form on which a credential is asked for."""

    issuers: Sequence[str]
    form: Form[ScimCredentialAsk]


async def open_directories(work: UnitOfWork, asked: ScimCredentialAsked | None = None) -> Directories:
    """Return every credential, newest first.

    Raises:
        RefusedError: the principal may not see them.
    """
    kind = {"kind": ChangeKind.SCIM_CREDENTIAL.value}
    revoking = Permission.SCIM_CREDENTIAL_REVOKE
    return Directories(
        credentials=await list_credentials(work),
        address=f"{work.services.settings.base_url}/scim/v2",
        may_ask=await work.allowed(Permission.CHANGE_CREATE, Resource("change", None, kind)),
        may_revoke=await work.allowed(revoking, Resource("scim_credential")),
        asked=asked,
        sections=await sections_for(work),
    )


async def begin_ask(work: UnitOfWork) -> AskPage:
    """Return an empty form to who may ask for a credential.

    Raises:
        RefusedError: the caller may not.
    """
    await authorize_asking(work, ChangeKind.SCIM_CREDENTIAL)
    return open_ask(work)


def open_ask(work: UnitOfWork, form: Form[ScimCredentialAsk] | None = None) -> AskPage:
    """Return the form as it was filled in."""
    return AskPage(list(work.services.sign_in.issuers), form or Form())
