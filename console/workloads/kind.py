"""A trusted issuer as a change: who makes its tokens acts as our service account, so two people let it."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.changes.forms import Consequence
from console.changes.kinds import Content, KeptChange, Kind, Objection, register
from console.questions import Resource
from console.services import Services
from console.work import Row, UnitOfWork
from console.workloads.rows import issuer_row
from policy.models import ChangeKind
from sso.keys.selves import people_behind
from sso.models import Person, PersonKind, PersonState, TrustedIssuer

LABELS: Final = (
    ("name", "Name"),
    ("issuer", "Issuer of the tokens"),
    ("audience", "Audience of the tokens"),
    ("jwks_url", "Address of its keys"),
    ("jwks", "Its keys, pasted"),
    ("pins", "What a token has to say"),
    ("longest", "Longest life of a token, in seconds"),
    ("service", "Service account"),
    ("service_id", "Its id"),
)


def _tell(content: Content) -> str:
    return f"Let workload tokens of {content['name']} act as {content['service']}"


async def _check(services: Services, session: AsyncSession, content: Content) -> Objection | None:
    if content["issuer"] in services.sign_in.issuers:
        return Objection("issuer_signs_people_in", "People sign in by this issuer; its tokens are people's.")
    person = await session.get(Person, UUID(content["service_id"]))
    if person is None or person.kind is not PersonKind.SERVICE or person.state is not PersonState.ACTIVE:
        return Objection("service_account_gone", "There is no such active service account.")
    named = select(TrustedIssuer.id).where(
        col(TrustedIssuer.name) == content["name"], col(TrustedIssuer.revoked).is_(None)
    )
    if (await session.exec(named)).first() is not None:
        return Objection("name_taken", "A trusted issuer has this name.")
    return None


async def _does(_services: Services, _session: AsyncSession, content: Content) -> Sequence[Consequence]:
    told = f"Whoever holds such a token acts as {content['service']}, with its rights as they are then."
    return [Consequence(label="From then on", text=told)]


async def _create(work: UnitOfWork, session: AsyncSession, found: KeptChange, now: int) -> Sequence[Row]:
    content = found.content
    row = TrustedIssuer(
        id=UUID(content["trusted"]),
        name=content["name"],
        issuer=content["issuer"],
        audience=content["audience"],
        jwks_url=content.get("jwks_url"),
        jwks=content.get("jwks"),
        pins=content["pins"],
        longest=content["longest"],
        service_id=UUID(content["service_id"]),
        change_id=found.change.id,
        created=now,
    )
    session.add(row)
    await session.flush()
    told = {name: content[name] for name in ("name", "issuer", "audience", "pins", "service_id")}
    await work.record(
        Action.TRUSTED_ISSUER_CREATE,
        resource=Resource("trusted_issuer", row.id),
        request=found.change.id,
        rows=[issuer_row(row, now)],
        parts=[Part(name="trusted_issuer", subject=None, content=told)],
    )
    return ()


async def _gainers(
    _services: Services, session: AsyncSession, content: Content, _answering: frozenset[UUID]
) -> frozenset[UUID]:
    """Return who acts through the service account: they would gain another way in, and do not answer."""
    return await people_behind(session, UUID(content["service_id"]))


KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        ChangeKind.TRUSTED_ISSUER,
        _tell,
        _check,
        _does,
        _create,
        gainers=_gainers,
        area=("People", "/people"),
        labels=LABELS,
        answer_hint="For example: this cluster is ours, and the pins name ids, not names.",
    ),
)
register(*KINDS)
