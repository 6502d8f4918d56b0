"""Records that somebody got a right or lost one, whoever keeps it."""

from audit.events import Action
from console.questions import Resource
from console.rows import membership_row, role_row
from console.work import Row, UnitOfWork
from sso.models import Membership, RoleAssignment


async def record_right(work: UnitOfWork, right: Membership | RoleAssignment, *, gone: bool) -> None:
    """Record one membership or role that came to be, or is `gone`, in the open transaction."""
    now, row, action = work.now, Row("", right.id, None, 0), Action.MEMBERSHIP_CREATE
    if isinstance(right, Membership):
        row = membership_row(right, now, gone=gone)
        action = Action.MEMBERSHIP_REMOVE if gone else Action.MEMBERSHIP_CREATE
    else:
        row = role_row(right, now, gone=gone)
        action = Action.ROLE_REMOVE if gone else Action.ROLE_ASSIGN
    await work.record(action, resource=Resource("person", right.person_id), rows=[row])
