"""A cluster's address as a change: whoever moves a cluster moves every call on it, so two people do."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from uuid_utils.compat import uuid7

from audit.event import Part
from audit.events import Action
from console.catalog.addresses import check_address
from console.catalog.discovery import find_cluster
from console.catalog.forms import ClusterCreate, ClusterMove
from console.catalog.rows import cluster_row
from console.changes.carrying import Because, Carried, do_or_ask, executing
from console.changes.forms import Consequence
from console.changes.kinds import Content, Kind, Objection, Subject, register
from console.changes.seen import nothing
from console.models import Cluster, Deployment
from console.questions import Resource
from console.services import Services
from console.work import UnitOfWork
from policy.models import ChangeKind
from policy.permissions import Permission

LABELS: Final = (
    ("act", "What happens"),
    ("name", "Cluster"),
    ("url", "Address"),
    ("url_now", "Address until now"),
    ("cluster", "Its id"),
)


async def add_cluster(work: UnitOfWork, form: ClusterCreate) -> Carried:
    """Add a cluster that already runs, or ask for it.

    Raises:
        RefusedError: the caller looks after no clusters.
        InvalidInputError: its address is outside gateway.networks, or a service of ours.
        ConflictError: the name is taken, or the same is pending.
    """
    await work.authorize(Permission.CLUSTER_CREATE, Resource("cluster"))
    address = await check_address(form.url, work.services.settings)
    content = {"act": "create", "cluster": str(uuid7()), "name": form.name, "url": address.url}
    return await _carry(work, content, form.reason or f"Add the cluster {form.name}")


async def move_cluster(work: UnitOfWork, name: str, form: ClusterMove) -> Carried:
    """Give a cluster another address, or ask for it.

    Raises:
        RefusedError: the caller looks after no clusters.
        NotFoundError: no cluster by that name.
        InvalidInputError: its address is outside gateway.networks, or a service of ours.
        ConflictError: the same is pending.
    """
    await work.authorize(Permission.CLUSTER_CREATE, Resource("cluster"))
    async with work.read() as session:
        found = await find_cluster(session, name)
    if found is None:
        raise nothing()
    address = await check_address(form.url, work.services.settings)
    content = {"act": "move", "cluster": str(found.id), "name": name, "url": address.url}
    return await _carry(work, {**content, "url_now": found.url}, form.reason)


async def _carry(work: UnitOfWork, content: dict[str, str], reason: str) -> Carried:
    subject = Subject("cluster", UUID(content["cluster"]), content)
    return await do_or_ask(work, ChangeKind.CLUSTER, subject, reason, _write)


async def _check(_services: Services, session: AsyncSession, content: Content) -> Objection | None:
    there = await session.get(Cluster, UUID(content["cluster"]))
    if content["act"] == "move":
        if there is None or there.url != content["url_now"]:
            return Objection("cluster_moved", "The cluster is elsewhere since this was asked; ask anew.")
        return None
    named = select(Cluster.id).where(col(Cluster.name) == content["name"])
    if (await session.exec(named)).first() is not None:
        return Objection("name_taken", "There is a cluster by this name.")
    return None


async def _does(_services: Services, session: AsyncSession, content: Content) -> Sequence[Consequence]:
    served = select(sa.func.count()).where(
        col(Deployment.cluster_id) == UUID(content["cluster"]), col(Deployment.version_id).is_not(None)
    )
    count = (await session.exec(served)).one()
    text = f"Calls of {count} published version{'' if count == 1 else 's'} go to {content['url']}."
    return [Consequence(label="At once", text=text)]


async def _write(work: UnitOfWork, session: AsyncSession, content: Content, because: Because) -> None:
    row = await session.get(Cluster, UUID(content["cluster"]))
    created = row is None
    row = row or Cluster(
        id=UUID(content["cluster"]), name=content["name"], kind="v2", url="", state="new", created=work.now
    )
    row.url = content["url"]
    session.add(row)
    await work.record(
        Action.CLUSTER_CREATE if created else Action.CLUSTER_UPDATE,
        resource=Resource("cluster", row.id),
        request=because.request,
        rows=[cluster_row(row, work.now)],
        parts=[Part(name="cluster", subject=None, content={"name": row.name, "url": row.url})],
        flags=because.flags,
    )


def _tell(content: Content) -> str:
    if content["act"] == "create":
        return f"Add the cluster {content['name']} at {content['url']}"
    return f"Move the cluster {content['name']} to {content['url']}"


KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        ChangeKind.CLUSTER,
        _tell,
        _check,
        _does,
        executing(_write),
        area=("Clusters", "/admin/clusters"),
        labels=LABELS,
        answer_hint="For example: this address is ours, and our models run there.",
    ),
)
register(*KINDS)
