"""What the credentials of directories take and give; the token itself is given once, when it is asked for."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from console.catalog.forms import Form, Why
from console.changes.forms import ChangeCreated
from sso.models import GroupsAs, SubjectFrom

NAME = r"^[a-z0-9][a-z0-9-]{0,63}$"


class ScimCredentialAsk(Form):
    """Ask for a credential that is good until the end of a day (UTC), at most a year away."""

    name: Annotated[str, Field(pattern=NAME)]
    issuer: Annotated[str, Field(min_length=1, max_length=512)]
    subject_from: SubjectFrom = SubjectFrom.EXTERNAL_ID
    groups_as: GroupsAs = GroupsAs.MAPPED
    expires: date
    reason: Why


class ScimCredentialAsked(ChangeCreated):
    """The change that was asked for, and the token: shown now and never again, good once it is approved."""

    credential: UUID
    token: Annotated[str, Field(repr=False)]


class ScimCredentialRead(Form):
    """A credential as admins and auditors see it."""

    id: UUID
    name: str
    issuer: str
    subject_from: str
    groups_as: str
    token_id: str
    state: str
    expires: str
    used: str | None


class ScimCredentialRevoke(Form):
    """Why a credential ends."""

    reason: Why
