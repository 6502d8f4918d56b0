"""Another key for the log, or its end, as a change: two people agree, then it is done on the log's own host.

No process that answers requests holds the log's keys, so the last answer carries nothing out. The command on
the host (`console.log_care`) looks for the approval and does that alone, once: the key it is about changes.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID, uuid5

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit import history
from audit.checkpoints.ending import require_growing
from audit.custody.explained import is_explained
from audit.log import LogFrozenError
from audit.reader import LogReader
from console.changes.asking import authorize_asking, propose
from console.changes.forms import ChangeCreated, Consequence
from console.changes.kept import find_kept
from console.changes.kinds import Content, KeptChange, Kind, Objection, Subject, register
from console.changes.rows import change_row
from console.clock import DAY
from console.custody.forms import LogKeyAsk
from console.services import Services
from console.work import Row, UnitOfWork
from policy.changes import confirm
from policy.errors import NotApprovedError
from policy.models import Change, ChangeKind, ChangeState
from sso.principal import SYSTEM_NAMESPACE

LOG_ID: Final = uuid5(SYSTEM_NAMESPACE, "log")
COUNTS_DAYS: Final = 7
"""So long after its last answer an approval may be carried out."""
LABELS: Final = (
    ("act", "What is done"),
    ("vkey", "The key that signs now"),
    ("overlap_days", "Days both keys sign"),
    ("lost", "The key is lost"),
)


async def ask_log_key(work: UnitOfWork, form: LogKeyAsk) -> ChangeCreated:
    """Ask that the log gets another key, or ends.

    Raises:
        RefusedError: the caller may not ask for it.
        ConflictError: the log has not begun or has ended, or a change of it is pending.
    """
    await authorize_asking(work, ChangeKind.LOG_KEY)
    periods = await work.services.log.key_history()
    content = {
        "vkey": periods[-1].vkey if periods else "",
        **wanted(form.act, form.overlap_days, lost=form.lost),
    }
    return await propose(work, ChangeKind.LOG_KEY, Subject("log", LOG_ID, content), form.reason)


def wanted(act: str, overlap_days: int = 0, *, lost: bool = False) -> dict[str, object]:
    """Return what is asked for, as it is signed: a key that is lost signs beside no other."""
    if act == "end":
        return {"act": act}
    return {"act": act, "overlap_days": 0 if lost else overlap_days, "lost": lost}


async def find_approval(
    services: Services, session: AsyncSession, asked: Mapping[str, object]
) -> UUID | None:
    """Return the change that allows exactly `asked` with the log's present key; None when none does.

    It counts when its last answer is in the log, and for `COUNTS_DAYS` from then: a row alone allows nothing.
    Who approved it still has to hold what they approved it by.
    """
    log, now = services.log, services.clock()
    periods = await log.key_history()
    approved = select(Change).where(
        col(Change.kind) == ChangeKind.LOG_KEY, col(Change.state) == ChangeState.APPROVED
    )
    for change in await session.exec(approved.order_by(col(Change.id).desc())):
        content = json.loads(change.content)
        said = {name: content.get(name) for name in (*asked, "vkey")}
        same = said == {**asked, "vkey": periods[-1].vkey}
        if same and await _counts(session, log, change, now) and await _carried(services, session, change):
            return change.id
    return None


async def _carried(services: Services, session: AsyncSession, change: Change) -> bool:
    """Whether the answers still carry it, of people as they are now: this is where it is carried out."""
    found = await find_kept(services, session, change.id)
    try:
        if found is not None:
            confirm(found.for_rules(services.clock()), found.plan)
    except NotApprovedError:
        return False
    return found is not None


async def _counts(session: AsyncSession, log: LogReader, change: Change, now: int) -> bool:
    place, state = ("change", change.id), change_row(change, now).state
    version = await history.as_of(session, *place, valid_at=now, known_at=now)
    if version is None or state is None or now - version.valid_from >= COUNTS_DAYS * DAY:
        return False
    return await is_explained(session, log, place, state, now)


async def _check(services: Services, _session: AsyncSession, content: Content) -> Objection | None:
    periods = await services.log.key_history()
    if not periods:
        return Objection("no_log", "The log has not begun.")
    try:
        await require_growing(services.log.engine)
    except LogFrozenError:
        return Objection("log_ended", "The log has ended.")
    if periods[-1].vkey != content["vkey"]:
        return Objection("overtaken", "The log has another key since this was asked; ask anew.")
    return None


async def _does(_services: Services, _session: AsyncSession, content: Content) -> Sequence[Consequence]:
    command = "guildhall audit freeze"
    then = "Nothing can be added to this log any more; acts and calls wait for a successor."
    if content["act"] == "rotate":
        command = f"guildhall audit key rotate {_options(content)}"
        then = "Whoever verifies needs the new log.policy, and the witnesses the new key."
        if content["lost"]:
            then += " Those who know the lost key alone have to be given the new one by a person."
    return [
        Consequence(label="At once", text="Nothing: this allows it."),
        Consequence(label=f"Within {COUNTS_DAYS} days, on the worker's host", text=command),
        Consequence(label="Then", text=then),
    ]


def _options(content: Content) -> str:
    return "--lost" if content["lost"] else f"--overlap-days {content['overlap_days']}"


async def _allow(_work: UnitOfWork, _session: AsyncSession, found: KeptChange, now: int) -> Sequence[Row]:
    """State in an entry of its own that the change is approved, for the host to find."""
    return (change_row(found.change, now),)


def _tell(content: Content) -> str:
    if content["act"] == "end":
        return "End the log"
    return "Replace the log's lost key" if content["lost"] else "Give the log another key"


KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        ChangeKind.LOG_KEY,
        _tell,
        _check,
        _does,
        _allow,
        labels=LABELS,
        answer_hint="For example: I have spoken with them, and I will watch it being done.",
    ),
)
register(*KINDS)
