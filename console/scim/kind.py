"""A credential of a directory as a change: whoever holds it decides who is here, so two people let it be."""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.changes.forms import Consequence
from console.changes.kinds import Content, KeptChange, Kind, Objection, register
from console.custody.times import start_of
from console.questions import Resource
from console.scim.rows import credential_row
from console.services import Services
from console.work import Row, UnitOfWork
from policy.models import ChangeKind
from sso.models import GroupsAs, ScimCredential, SubjectFrom

LABELS: Final = (
    ("name", "Name"),
    ("issuer", "Identity provider"),
    ("subject_from", "Subject is in"),
    ("groups_as", "Groups become"),
    ("expires", "Good until"),
    ("token_id", "Token"),
    ("verifier", "Fingerprint of the token"),
)
MEANINGS: Final = {
    GroupsAs.MAPPED: "Its groups give what the mapping rules say of them, and nothing else.",
    GroupsAs.TEAMS: "Each of its groups that no rule names becomes a team of its own name.",
}


def _tell(content: Content) -> str:
    return f"Let the directory {content['name']} tell who is here, until {content['expires']}"


async def _check(services: Services, session: AsyncSession, content: Content) -> Objection | None:
    if content["issuer"] not in services.sign_in.issuers:
        return Objection("issuer_unknown", "This identity provider is not configured here.")
    live = select(ScimCredential.id).where(
        col(ScimCredential.name) == content["name"],
        col(ScimCredential.revoked).is_(None),
        col(ScimCredential.expires) > services.clock(),
    )
    if (await session.exec(live)).first() is not None:
        return Objection("name_taken", "A live credential has this name.")
    if _end(content) <= services.clock():
        return Objection("ended", "Its last day has passed.")
    return None


async def _does(_services: Services, _session: AsyncSession, content: Content) -> Sequence[Consequence]:
    told = "Whoever holds the token adds, disables and removes people of this identity provider by SCIM."
    groups = MEANINGS[GroupsAs(content["groups_as"])]
    return [Consequence(label="From then on", text=told), Consequence(label="Groups", text=groups)]


async def _create(work: UnitOfWork, session: AsyncSession, found: KeptChange, now: int) -> Sequence[Row]:
    content = found.content
    row = ScimCredential(
        id=UUID(content["credential"]),
        name=content["name"],
        issuer=content["issuer"],
        subject_from=SubjectFrom(content["subject_from"]),
        groups_as=GroupsAs(content["groups_as"]),
        token_id=content["token_id"],
        verifier=content["verifier"],
        change_id=found.change.id,
        created=now,
        expires=_end(content),
    )
    session.add(row)
    await session.flush()
    told = ("name", "issuer", "subject_from", "groups_as", "token_id", "expires")
    await work.record(
        Action.SCIM_CREDENTIAL_CREATE,
        resource=Resource("scim_credential", row.id),
        request=found.change.id,
        rows=[credential_row(row, now)],
        parts=[Part(name="scim_credential", subject=None, content={name: content[name] for name in told})],
    )
    return ()


def _end(content: Content) -> int:
    return start_of(date.fromisoformat(content["expires"]))


KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        ChangeKind.SCIM_CREDENTIAL,
        _tell,
        _check,
        _does,
        _create,
        area=("Directories", "/admin/directories"),
        labels=LABELS,
        answer_hint="For example: this directory is ours, and its people belong here.",
    ),
)
register(*KINDS)
