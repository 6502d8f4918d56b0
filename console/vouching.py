"""How those do who vouch for the log from outside, for `doctor` and the health page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from audit.custody.keeper import RETENTION
from audit.heads.state import KeeperState, read_states
from console.anchors import has_keeper
from console.clock import MICROSECONDS
from console.erasure.elsewhere import ERASURES
from console.services import Services

STALE_SECONDS: Final = 900
OF_LOOPS: Final = {RETENTION, ERASURES}
"""What the worker's own loops say of themselves: alarms, and nobody who vouches."""
NOBODY: Final = (
    "Nobody off this host remembers how far the log was signed: set back together with this host, it could "
    "sign a second history."
)


@dataclass(frozen=True, slots=True)
class Voucher:
    """One of them: its name, what it is, how many entries it vouches for, and what is wrong, if anything."""

    name: str
    kind: str
    size: int | None
    trouble: str | None


async def read_vouchers(services: Services) -> Sequence[Voucher]:
    """Return all that the worker attends to, and in production that there is nobody, if so."""
    now = services.clock()
    found = [
        Voucher(state.name, state.kind, state.size, _trouble(state, now))
        for state in await read_states(services.log.engine)
        if state.kind not in OF_LOOPS
    ]
    settings = services.settings
    if not has_keeper(settings) and not settings.embedded:
        found.append(Voucher("heads", "keeper", None, NOBODY))
    return found


def _trouble(state: KeeperState, now: int) -> str | None:
    seconds = (now - state.updated) // MICROSECONDS
    if state.trouble is None and seconds > STALE_SECONDS:
        return f"The worker has not turned to it for {seconds // 60} minutes."
    return state.trouble
