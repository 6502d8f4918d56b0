"""A model's first publishing, as a change: two people let it be called, bound to its card and its evidence.

Asked again with another card or version, it is another change: the one before is withdrawn, and with it its
answers.
"""

import json
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.catalog.forms import ModelPublish
from console.catalog.publication import object_to
from console.catalog.publishing import prepare_publication, write_publication
from console.changes.asking import propose
from console.changes.carrying import Because, executing
from console.changes.forms import ChangeCreated, Consequence
from console.changes.kinds import Content, Kind, Subject, register
from console.changes.states import state_is
from console.errors import ConflictError
from console.models import Visibility
from console.services import Services
from console.work import UnitOfWork
from policy.decision import Document
from policy.models import Change, ChangeKind, ChangeState

LABELS: Final = (
    ("route", "Route"),
    ("team", "Owner"),
    ("title", "Title"),
    ("summary", "Summary"),
    ("task", "Task"),
    ("purpose", "Purpose"),
    ("visibility", "Visibility"),
    ("tier", "Tier"),
    ("data_class", "Data class"),
    ("versions", "Versions"),
    ("card", "Model card"),
    ("replaces", "In the place of change"),
    ("route_id", "The route's id"),
)
PENDING: Final = "Publishing this has been asked for already; it is pending."


async def ask_publication(work: UnitOfWork, form: ModelPublish) -> ChangeCreated:
    """Ask that a model is published under a new route; a change of one's own that is pending is replaced.

    Raises:
        RefusedError, InvalidInputError, NotFoundError, ConflictError: as `prepare_publication`.
        ConflictError: the same is pending, or somebody else has asked for this name.
    """
    content = await prepare_publication(work, form)
    async with work.read() as session:
        before = await _pending(session, content, work.now)
    if before is not None:
        _refuse_twin(work, before, content)
        content = {**content, "replaces": str(before.id)}
    subject = Subject("route", UUID(str(content["route_id"])), content)
    reason = form.reason or f"Publish {content['route']}"
    return await propose(work, ChangeKind.PUBLISH, subject, reason, replaces=before.id if before else None)


async def _pending(session: AsyncSession, content: Document, now: int) -> Change | None:
    # Canonical text: inside another text the quotation marks would be escaped.
    named = f'"route":"{content["route"]}"'
    query = select(Change).where(
        col(Change.kind) == ChangeKind.PUBLISH,
        state_is(ChangeState.PENDING, now),
        col(Change.content).contains(named, autoescape=True),
    )
    return (await session.exec(query.order_by(col(Change.id)))).first()


def _refuse_twin(work: UnitOfWork, before: Change, content: Document) -> None:
    asked = json.loads(before.content)
    same = all(asked.get(name) == content[name] for name in content.keys() - {"route_id"})
    if same or before.requester_id != work.principal.id:
        raise ConflictError(PENDING, ("already_pending",))


async def _does(_services: Services, _session: AsyncSession, content: Content) -> Sequence[Consequence]:
    who = {
        Visibility.SHARED: "Everybody who is signed in may find and call it.",
        Visibility.LISTED: "Everybody who is signed in finds it; calls need a grant.",
        Visibility.HIDDEN: f"Team {content['team']} finds it; calls need a grant.",
    }
    bound = "If what a cluster serves, or an artifact, is another one then, its calls are refused."
    return [Consequence(label="From then on", text=f"{who[Visibility(content['visibility'])]} {bound}")]


async def _publish(work: UnitOfWork, session: AsyncSession, content: Content, because: Because) -> None:
    await write_publication(work, session, content, because)


KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        ChangeKind.PUBLISH,
        lambda content: f"Publish {content['route']}",
        object_to,
        _does,
        executing(_publish),
        team=lambda content: str(content["team"]),
        about=lambda content: {name: content[name] for name in ("tier", "data_class", "purpose")},
        area=("Models", "/models"),
        labels=LABELS,
        answer_hint="For example: the card says what it is for, and this is the build that was validated.",
        waits=True,
    ),
)
register(*KINDS)
