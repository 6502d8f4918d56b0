"""Health, as pings and lags: which service answers, how far the log is, how far its followers are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from audit.errors import KeyStoreError
from audit.models import sink_cursor
from audit.sinks.cursor import State, read_lag, read_watermark
from console.admin.progress import LogProgress, log_progress
from console.alarms import Alarm, read_alarms
from console.clock import MICROSECONDS
from console.guard import standing_faults
from console.pings import ping_all
from console.policies.forms import StageRead
from console.policies.staging import read_stage, shown_stage
from console.questions import Resource
from console.services import Services
from console.vouching import Voucher, read_vouchers
from console.work import UnitOfWork
from policy.permissions import Permission

WORDS: Final[Mapping[str, str]] = {
    "database": "Records: people, rights, the catalog",
    "keys": "The keys that seal details of entries",
    "log": "The audit log",
    "policy": "The engine that decides",
}


@dataclass(frozen=True, slots=True)
class Ping:
    """One service and its answer: `ok`, or a sentence that says what is wrong."""

    name: str
    meaning: str
    answer: str

    @property
    def is_well(self) -> bool:
        """Whether the service answered."""
        return self.answer == "ok"


@dataclass(frozen=True, slots=True)
class Follower:
    """A sink: how far it has come, what it lacks, and since how many seconds.

    `complete_until`: all that was signed until then (microseconds UTC) it holds.
    """

    name: str
    state: str
    shipped: int
    lacks: int
    seconds: int
    error: str | None
    complete_until: int | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """What the health page shows; `progress` is None when a database does not answer.

    `stage`: which policy engines report the active revision.
    `vouchers`: who remembers or witnesses, off this host, how far the log was signed.
    `faults`: what is stored otherwise than it was signed, a sentence each.
    `alarms`: what else a person has to look into.
    `refresh_seconds`: how old rights can be that only the identity provider could correct.
    `is_well`: everything answers, the log and its followers keep up, it holds what was signed, and no alarm.
    """

    pings: Sequence[Ping]
    progress: LogProgress | None
    followers: Sequence[Follower]
    faults: Sequence[str]
    alarms: Sequence[Alarm]
    vouchers: Sequence[Voucher]
    stage: StageRead | None
    profile: str
    revision: str
    refresh_seconds: int
    stale_seconds: int
    is_well: bool


async def read_health(work: UnitOfWork) -> Health:
    """Return how the installation does.

    Raises:
        RefusedError: the principal does not look after it.
    """
    await work.authorize(Permission.HEALTH_READ, Resource("health"))
    services = work.services
    answers = await ping_all(services)
    try:
        progress, followers = await log_progress(services), await read_followers(services)
        faults = [fault.sentence for fault in await standing_faults(services)]
        alarms, vouchers = await read_alarms(services), await read_vouchers(services)
        stage = await _stage(services)
    except (SQLAlchemyError, KeyStoreError):
        progress, followers, faults, alarms, vouchers, stage = None, [], [], [], [], None
    pings = [Ping(name, WORDS.get(name, name), answer) for name, answer in answers.items()]
    return Health(
        pings=pings,
        progress=progress,
        followers=followers,
        faults=faults,
        alarms=alarms,
        vouchers=vouchers,
        stage=stage,
        profile=services.settings.profile.value,
        revision=services.policy_revision,
        refresh_seconds=services.settings.sign_in.sessions.refresh,
        stale_seconds=services.settings.sign_in.sessions.stale,
        is_well=all(ping.is_well for ping in pings)
        and _keeps_up(progress, followers)
        and not (faults or alarms)
        and all(one.trouble is None for one in vouchers),
    )


async def _stage(services: Services) -> StageRead:
    async with services.database.read() as session:
        active = await services.policies.active(session)
        return shown_stage(await read_stage(session, services, active))


def _keeps_up(progress: LogProgress | None, followers: Sequence[Follower]) -> bool:
    shipping = all(one.state == State.SHIPPING for one in followers)
    return progress is not None and progress.is_prompt and shipping


async def read_followers(services: Services) -> list[Follower]:
    """Return every sink that ever shipped, by name, with how far it has come."""
    engine, columns = services.log.engine, sink_cursor.c
    wanted = sa.select(columns.sink, columns.next_index, columns.state, columns.error).order_by(columns.sink)
    async with engine.connect() as connection:
        rows = (await connection.execute(wanted)).all()
    found = []
    for row in rows:
        lag = await read_lag(engine, row.sink, services.clock())
        seconds = lag.microseconds // MICROSECONDS
        until = (await read_watermark(engine, row.sink)).time
        found.append(Follower(row.sink, row.state, row.next_index, lag.entries, seconds, row.error, until))
    return found
