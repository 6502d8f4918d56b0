"""How far an activation has come: it is staged until every engine known lately reports the active revision.

What an engine reports decides nothing (an answer under another revision does not count anyway); it says to
people whether what two of them agreed on is what decides everywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.clock import MICROSECONDS, to_text
from console.policies.active import Active
from console.policies.engines import equip
from console.policies.forms import EngineRead, StageRead
from console.policies.own_engine import AGAIN_SECONDS, PREFIX, own_name, told_name
from console.services import Services
from policy.decision import Holds
from policy.models import PolicyEngine

LATELY_SECONDS: Final = 600
"""An OPA server that has said nothing for so long is taken for gone."""
SILENT_SECONDS: Final = 3 * AGAIN_SECONDS
"""The same of an engine of ours, whose process says it every minute and takes its word back when it ends."""
STAGED_SECONDS: Final = 60
"""So long after an activation an engine may still be on its way to the new revision."""
OWN: Final = "this console's own engine"
SAYS_NOTHING: Final = "{name} has not said which revision it has since {active} became the active one"
SAYS_ANOTHER: Final = "{name} reports revision {found}, and {active} is the active one"
KEEPS: Final = "{name} keeps an older revision: {trouble}"


@dataclass(frozen=True, slots=True)
class EngineStage:
    """One engine: the revision it last stated, and when (microseconds UTC; None for our own, which is asked).

    Attributes:
        has_it: it stated the active revision, after that was made active.
        trouble: what keeps it from it, as the engine says.
    """

    name: str
    revision: str | None
    stated: int | None
    has_it: bool
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """An activation and the engines known lately.

    Attributes:
        overdue: some engine lacks the revision, though the time for it is over.
    """

    revision: str
    engines: Sequence[EngineStage]
    overdue: bool

    @property
    def missing(self) -> Sequence[EngineStage]:
        """The engines that have not reported the revision."""
        return [engine for engine in self.engines if not engine.has_it]

    @property
    def is_complete(self) -> bool:
        """Whether every engine has reported it."""
        return not self.missing

    @property
    def state(self) -> Literal["staged", "complete", "overdue"]:
        """How far it has come."""
        if self.overdue:
            return "overdue"
        return "complete" if self.is_complete else "staged"

    @property
    def count(self) -> str:
        """How many engines report it, in words."""
        known = len(self.engines)
        if not known:
            return "No engine has reported lately."
        if self.is_complete:
            return "The one engine known reports it." if known == 1 else f"All {known} engines report it."
        return f"{known - len(self.missing)} of {known} engines report it."

    @property
    def lacking(self) -> str | None:
        """Which engines have not reported it, in one sentence."""
        told = "; ".join(_tell(engine, self.revision) for engine in self.missing)
        return f"{told[0].upper()}{told[1:]}." if told else None


async def read_stage(session: AsyncSession, services: Services, active: Active) -> Stage:
    """Return how far the activation of what is active has come.

    Raises:
        SQLAlchemyError: the database does not answer.
    """
    await equip(services, active)  # our own engine takes it when it is asked, so nobody waits for that
    now = services.clock()
    lately = select(PolicyEngine).where(col(PolicyEngine.reported) >= now - LATELY_SECONDS * MICROSECONDS)
    rows = (await session.exec(lately.order_by(col(PolicyEngine.id)))).all()
    told = [_of_other(row, active) for row in rows if _is_there(row, now)]
    engines = [*_own(services, active), *told]
    late = now - active.activated >= STAGED_SECONDS * MICROSECONDS
    return Stage(active.revision, engines, late and not all(engine.has_it for engine in engines))


def shown_stage(stage: Stage) -> StageRead:
    """Return a stage as people and programs read it."""
    return StageRead(
        state=stage.state,
        reporting=len(stage.engines) - len(stage.missing),
        known=len(stage.engines),
        sentence=stage.count,
        lacking=stage.lacking,
        engines=[_shown(engine, overdue=stage.overdue) for engine in stage.engines],
    )


def _shown(engine: EngineStage, *, overdue: bool) -> EngineRead:
    return EngineRead(
        name=engine.name,
        state="reports_it" if engine.has_it else ("overdue" if overdue else "expected"),
        revision=engine.revision,
        stated=to_text(engine.stated) if engine.stated is not None else None,
        trouble=engine.trouble,
    )


def _own(services: Services, active: Active) -> list[EngineStage]:
    decider = services.decider
    if not isinstance(decider, Holds):
        return []
    has_it = decider.revision == active.revision
    return [EngineStage(OWN, decider.revision, None, has_it, None if has_it else services.policies.trouble)]


def _is_there(row: PolicyEngine, now: int) -> bool:
    """Whether it is another engine than the one asked here, of a process that still runs."""
    if not row.id.startswith(PREFIX):
        return True
    return row.id != own_name() and row.reported >= now - SILENT_SECONDS * MICROSECONDS


def _of_other(row: PolicyEngine, active: Active) -> EngineStage:
    # What it stated before the activation says nothing of the time since: another may have come between.
    is_newer = row.stated is not None and row.stated >= active.activated
    has_it = is_newer and row.revision == active.revision and row.trouble is None
    name = told_name(row.id) if row.id.startswith(PREFIX) else f"the OPA server {row.id}"
    return EngineStage(name, row.revision, row.stated, has_it, row.trouble)


def _tell(engine: EngineStage, active: str) -> str:
    if engine.trouble is not None:
        return KEEPS.format(name=engine.name, trouble=engine.trouble)
    if engine.revision in {None, active}:
        return SAYS_NOTHING.format(name=engine.name, active=active[:12])
    return SAYS_ANOTHER.format(name=engine.name, found=(engine.revision or "")[:12], active=active[:12])
