"""What a follower of the log is told, as a change: pseudonyms, unless two people let it have details."""

from collections.abc import Sequence
from typing import Final

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from uuid_utils.compat import uuid7

from audit.event import Part
from audit.events import Action
from audit.models import Disclosure
from audit.sinks.port import Forgetful
from console.changes.asking import authorize_asking, propose
from console.changes.forms import ChangeCreated, Consequence
from console.changes.kinds import Content, KeptChange, Kind, Objection, Subject, register
from console.custody.forms import DisclosureAsk
from console.custody.rows import disclosure_row
from console.followers import build_sinks
from console.questions import Resource
from console.services import Services
from console.work import Row, UnitOfWork
from policy.models import ChangeKind

LABELS: Final = (("sink", "Follower"), ("details", "Is told details in clear"))
WHAT: Final = (
    "Addresses and programs of callers, names and handles where an act is about a person, reasons in their "
    "own words, and the route of each call; of every entry that is shipped from then on."
)
FORGETS: Final = (
    "This follower forgets: when a person is erased, or details are removed, its copies are written anew."
)
KEEPS: Final = "This follower cannot forget. What it was told of a person stays there after they are erased."


async def ask_disclosure(work: UnitOfWork, form: DisclosureAsk) -> ChangeCreated:
    """Ask that a follower is told details, or pseudonyms alone.

    Raises:
        RefusedError: the caller may not ask for it.
        ConflictError: there is no such follower, it is as asked for already, or the same is pending.
    """
    await authorize_asking(work, ChangeKind.SINK)
    async with work.read() as session:
        row = await find_disclosure(session, form.sink)
    subject = Subject("sink", row.id if row else uuid7(), {"sink": form.sink, "details": form.details})
    return await propose(work, ChangeKind.SINK, subject, form.reason)


async def find_disclosure(session: AsyncSession, sink: str) -> Disclosure | None:
    """Return what was decided of a follower, None while nothing was."""
    return (await session.exec(select(Disclosure).where(col(Disclosure.sink) == sink))).first()


async def _check(services: Services, session: AsyncSession, content: Content) -> Objection | None:
    if content["sink"] not in await _followers(services):
        return Objection("no_follower", "No follower of this name is configured.")
    row = await find_disclosure(session, content["sink"])
    if (row is not None and row.details) == content["details"]:
        return Objection("nothing_to_change", "It is told that already.")
    return None


async def _does(services: Services, _session: AsyncSession, content: Content) -> Sequence[Consequence]:
    forgets = (await _followers(services)).get(content["sink"], False)
    if content["details"]:
        after = FORGETS if forgets else KEEPS
        return [Consequence(label="It is told", text=WHAT), Consequence(label="Later", text=after)]
    rest = "Its copies are written anew, without details." if forgets else KEEPS
    return [
        Consequence(label="It is told", text="Pseudonyms alone, of every entry from then on."),
        Consequence(label="What it holds", text=rest),
    ]


async def _followers(services: Services) -> dict[str, bool]:
    """Return the configured followers, and whether each can forget."""
    sinks = build_sinks(services.settings)
    try:
        return {sink.name: isinstance(sink, Forgetful) for sink in sinks}
    finally:
        for sink in sinks:
            await sink.close()


async def _decide(work: UnitOfWork, session: AsyncSession, found: KeptChange, now: int) -> Sequence[Row]:
    content = found.content
    row = await find_disclosure(session, content["sink"]) or Disclosure(
        id=found.change.resource_id,
        sink=content["sink"],
        details=False,
        change_id=found.change.id,
        created=now,
    )
    row.details, row.change_id, row.created = content["details"], found.change.id, now
    session.add(row)
    await session.flush()
    told = {"sink": row.sink, "details": row.details}
    await work.record(
        Action.SINK_DISCLOSE,
        resource=Resource("sink", row.id),
        request=found.change.id,
        rows=[disclosure_row(row, now)],
        parts=[Part(name="disclosure", subject=None, content=told)],
    )
    return ()


def _tell(content: Content) -> str:
    told = "details in clear" if content["details"] else "pseudonyms alone"
    return f"Tell the follower {content['sink']} {told}"


KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        ChangeKind.SINK,
        _tell,
        _check,
        _does,
        _decide,
        labels=LABELS,
        answer_hint="For example: our security team needs addresses there, and keeps them no longer than we.",
    ),
)
register(*KINDS)
