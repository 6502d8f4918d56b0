"""What the people area gives: each field is chosen here, so no column of a table slips out."""

from uuid import UUID

from pydantic import BaseModel

from console.changes.forms import Someone


class PersonItem(BaseModel):
    """A person in a list; `sources` say who keeps their rights, `last_sign_in` is of a browser."""

    id: UUID
    handle: str
    name: str
    kind: str
    state: str
    roles: list[str]
    teams: list[str]
    owner_of: list[str]
    sources: list[str]
    last_sign_in: str | None


class HeldMembership(BaseModel):
    """A membership, who keeps it, and what gives it: `why` is a sentence, `rules` the mapping rules."""

    id: UUID
    team: str
    role: str
    managed_by: str
    why: str


class HeldRole(BaseModel):
    """A role on the platform, who keeps it, and what gives it."""

    id: UUID
    role: str
    scope: str
    managed_by: str
    why: str


class HeldGrant(BaseModel):
    """A route somebody may call: by whose grant, from when until when, and who approved it."""

    id: UUID
    route: str
    holder: str
    starts: str
    ends: str
    state: str
    request: UUID | None
    approved_by: list[str]


class KnownAs(BaseModel):
    """How an identity provider knows a person."""

    issuer: str
    subject: str


class LinkedAccount(BaseModel):
    """Another account of the same human, and the link that says so."""

    link: UUID
    account: Someone


class PersonRead(PersonItem):
    """A person with everything they hold, why, and until when; `sessions` are those that live.

    `linked` are the other accounts that two people said are theirs.
    """

    email: str | None
    created: str
    identities: list[KnownAs]
    linked: list[LinkedAccount]
    memberships: list[HeldMembership]
    held_roles: list[HeldRole]
    grants: list[HeldGrant]
    sessions: int


class TeamItem(BaseModel):
    """A team in a list: `grants` are rights its members have, `models` what it owns."""

    id: UUID
    name: str
    members: int
    owners: int
    models: int
    grants: int


class MemberRead(BaseModel):
    """Somebody in a team; `id` is the membership's, `managed_by` who keeps it."""

    id: UUID
    person: UUID
    handle: str
    name: str
    role: str
    managed_by: str
    state: str


class TeamRead(TeamItem):
    """A team as its members, admins and auditors see it."""

    created: str
    owner_names: list[str]
    routes: list[str]
    granted: list[str]


class Given(BaseModel):
    """One thing a rule would give, the value that matched, and the rule (null: the new one)."""

    role: str
    team: str | None
    scope: str
    claim: str
    value: str
    rule: UUID | None


class Previewed(BaseModel):
    """What somebody would get at their next sign-in; `refused` says why they would not come in at all."""

    gives: list[Given]
    refused: str | None = None
    note: str | None = None


class SingleActRead(BaseModel):
    """What an admin did alone in the first days; `id` is the event's, `sentence` says it in words."""

    id: UUID
    action: str
    sentence: str
    actor: str
    resource: str
    created: str
    confirmed: str | None
    confirmed_by: str | None
    own: bool
