"""What a person has to look into: rows nobody explains, counts that differ, spools lost, details kept on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlmodel import col, select

from audit.checks.census import CENSUS_DIFFERS
from audit.custody.keeper import RETENTION
from audit.events import Action
from audit.head import Head
from audit.heads.state import read_states
from audit.models import checkpoint, entry
from audit.spool.drain import SPOOL_MISSING
from audit.spool.room import SHED_AT, WARN_AT, used_share
from console.clock import DAY
from console.erasure.elsewhere import ERASURES
from console.models import Deployment, UnexplainedRow
from console.policies.trouble import policy_trouble
from console.services import Services
from sso.models import BreakGlass

LOOK: Final = "See `docs/how-to/when-the-log-alarms.md`."


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that stands, in a sentence, and what to do about it."""

    name: str
    sentence: str
    mend: str = LOOK


async def read_alarms(services: Services) -> list[Alarm]:
    """Return every alarm that stands; what was told in the log stands for a day.

    Raises:
        SQLAlchemyError: a database does not answer.
    """
    asked = [
        await _unexplained(services),
        await _unreviewed(services),
        await _differing(services),
        await _told(services, Action.CENSUS_RECORD, "census", _differs, CENSUS),
        await _told(services, Action.PRODUCER_LOST, "spools", _unreadable, SPOOLS),
        await _told(services, Action.CLOCK_SKEW, "clocks", lambda _: True, CLOCKS),
        await _told(services, Action.SINK_RECONCILE, "copies", _of_documents, COPIES),
        await _policies(services),
        await _loop(services, RETENTION),
        await _loop(services, ERASURES),
        _room(services),
    ]
    return [alarm for alarm in asked if alarm is not None]


CENSUS: Final = "{count} counts of calls differed from the log since yesterday."
SPOOLS: Final = "{count} spools were found damaged or gone since yesterday."
CLOCKS: Final = "{count} clocks were found to be off since yesterday."
COPIES: Final = "{count} times since yesterday, documents of a follower were found not to be the log's."


async def _unreviewed(services: Services) -> Alarm | None:
    waiting = select(sa.func.count()).select_from(BreakGlass).where(col(BreakGlass.reviewed).is_(None))
    async with services.database.read() as session:
        count = (await session.exec(waiting)).one()
    sentence = f"{count} uses of break glass are open, or wait for the review of somebody else."
    return Alarm("break_glass", sentence, "See `docs/how-to/break-glass.md`.") if count else None


async def _differing(services: Services) -> Alarm | None:
    differs = select(sa.func.count()).select_from(Deployment).where(col(Deployment.differs) != "")
    async with services.database.read() as session:
        count = (await session.exec(differs)).one()
    sentence = f"{count} versions are no longer what was approved; their calls are refused."
    return Alarm("versions", sentence, "See `docs/how-to/evidence-of-a-version.md`.") if count else None


async def _policies(services: Services) -> Alarm | None:
    sentence = await policy_trouble(services)
    return Alarm("policies", sentence, "See `docs/how-to/connect-opa.md`.") if sentence else None


async def _unexplained(services: Services) -> Alarm | None:
    async with services.database.read() as session:
        count = (await session.exec(select(sa.func.count()).select_from(UnexplainedRow))).one()
    sentence = f"{count} rows are not what the log says they are; they count as absent in every decision."
    return Alarm("rows", sentence) if count else None


async def _told(
    services: Services, action: Action, name: str, counts: Callable[[Head], bool], sentence: str
) -> Alarm | None:
    yesterday = services.clock() - DAY
    chosen = sa.select(entry.c.head).where(entry.c.action == action.value, entry.c.outcome != "success")
    # By place too: the index of acts has no times, and of some there are thousands a day for ever. What was
    # signed a day ago had happened by then.
    signed = sa.select(checkpoint.c.size).where(checkpoint.c.time <= yesterday)
    before = sa.func.coalesce(signed.order_by(checkpoint.c.size.desc()).limit(1).scalar_subquery(), 0)
    recent = chosen.where(entry.c.index >= before, entry.c.time > yesterday)
    async with services.log.engine.connect() as connection:
        heads = (await connection.execute(recent)).scalars().all()
    count = sum(counts(Head.parse(bytes(head))) for head in heads)
    return Alarm(name, sentence.format(count=count)) if count else None


async def _loop(services: Services, kind: str) -> Alarm | None:
    """Return what keeps one of the worker's own loops from its end."""
    states = await read_states(services.log.engine)
    found = [state.trouble for state in states if state.kind == kind and state.trouble]
    return Alarm(kind, found[0]) if found else None


def _differs(head: Head) -> bool:
    return CENSUS_DIFFERS in head.reasons


def _unreadable(head: Head) -> bool:
    return any(reason.partition(":")[0] in {SPOOL_MISSING, "spool_corrupt"} for reason in head.reasons)


def _of_documents(head: Head) -> bool:
    # What differs by counts puts the follower itself in alarm.
    return "deep" in head.flags


def _room(services: Services) -> Alarm | None:
    settings = services.settings
    share = used_share(settings.spool, settings.gateway.spool_limit_bytes)
    if share < WARN_AT:
        return None
    taken = "no new call is taken" if share >= SHED_AT else f"from {SHED_AT:.0%} on no new call is taken"
    return Alarm("spool", f"The spool uses {share:.0%} of its room; {taken}.")
