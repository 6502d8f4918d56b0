"""A plan is carried out slice by slice, and between slices the events are looked at as ever.

Whom a look told of was read anew and brought in line by it, later than the plan was made. So the plan says
nothing of them any more: an older reading never undoes what a newer event did.
"""

from dataclasses import dataclass
from typing import Final

from console.directory.applying import AT_ONCE, NOTHING, Applied, apply_slice, in_order
from console.directory.looking import Meanwhile
from console.work import UnitOfWork
from sso.syncing.plan import Plan


@dataclass(frozen=True, slots=True)
class Carried:
    """What was done, and of how many people it was not, because everybody must be read again."""

    applied: Applied = NOTHING
    left: int = 0


UNTOUCHED: Final = Carried()


async def carry_out(work: UnitOfWork, plan: Plan, meanwhile: Meanwhile) -> Carried:
    """Carry out `plan`: first what takes away, then everything else.

    It ends early once everybody must be read again: the rest would be given by what is no longer so.

    Raises:
        AuditUnavailableError: a slice could not be recorded; what was done before it stays, and is recorded.
        DirectoryError: the events cannot be read any more, so nobody knows who has left.
    """
    changes, done = in_order(plan.changes), NOTHING
    for start in range(0, len(changes), AT_ONCE):
        await meanwhile.look_if_due()
        if meanwhile.moved:
            return Carried(done, len(changes) - start)
        some = [one for one in changes[start : start + AT_ONCE] if one.subject not in meanwhile.told_of]
        done += await apply_slice(work, plan.issuer, some)
    return Carried(done)
