"""What nobody answers for, as its page shows it, with the form that asks for a new owner of a model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlmodel import col, select

from console.campaigns.forms import OrphanGive, OrphanRead
from console.campaigns.giving import give_model
from console.campaigns.orphans import has_owner, list_orphans
from console.changes.carrying import Carried
from console.questions import Resource
from console.web.forms import Form, read_form
from console.web.listing import cursor
from console.web.pagination import next_href
from console.web.submitted import submit
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.models import Source, Team, TeamRole

ORPHANS: Final = "/reviews/orphans"


@dataclass(frozen=True, slots=True)
class OrphansPage:
    """A page of orphans; `teams` could own the `models` on it, for whoever may ask for that."""

    items: Sequence[OrphanRead]
    more: str | None
    models: Sequence[str]
    teams: Sequence[str]
    form: Form[OrphanGive]


async def open_orphans(
    work: UnitOfWork, after: str = "", form: Form[OrphanGive] | None = None
) -> OrphansPage:
    """Return a page of what nobody answers for."""
    found = await list_orphans(work, cursor(after, 2))
    models = [item for item in found.items if item.kind == "model"]
    mine = [item.name for item in models if await _gives(work, item.team)] if models else []
    async with work.read() as session:
        owned = select(Team.name).where(has_owner(col(Team.id))).order_by(col(Team.name))
        teams = list(await session.exec(owned)) if mine else []
    return OrphansPage(found.items, next_href(ORPHANS, (), found), mine, teams, form or Form())


async def send_owner(work: UnitOfWork, typed: Mapping[str, str]) -> tuple[Form[OrphanGive], Carried | None]:
    """Ask for the new owner of the model that was chosen."""
    chosen = {name: text for name, text in typed.items() if name != "model"}
    name = typed.get("model", "")
    form, carried = await submit(read_form(OrphanGive, chosen), lambda data: give_model(work, name, data))
    return Form({**form.values, "model": name}, form.errors, form.data), carried


async def _gives(work: UnitOfWork, team: str) -> bool:
    held = {"team": team, "role": TeamRole.OWNER.value, "managed_by": Source.MANUAL.value}
    return await work.allowed(Permission.MEMBERSHIP_CREATE, Resource("membership", None, held))
