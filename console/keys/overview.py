"""What the pages of keys show."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from console.catalog.forms import Reason
from console.changes.seen import authorize_seen
from console.keys.facts import find_service
from console.keys.forms import KeyCreated, KeyRead, ServiceAccountCreate, ServiceAccountRead
from console.keys.listing import KeyFilter, KeyState, list_inventory, list_own_keys, list_service_keys
from console.keys.page_forms import USES, KeyForm, in_words
from console.keys.services import list_services
from console.people.grants_held import grants_held
from console.people.sections import Section, sections_for
from console.people.shown import HeldGrant
from console.questions import Resource
from console.web.forms import Form
from console.web.listing import cursor
from console.web.pagination import next_href
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.rights import rights_of

CHOICES = tuple((key, label, hint) for key, (label, hint, _) in USES.items())
STATES = (
    ("", "All"),
    ("active", "Active"),
    ("ending", "Ends within 30 days"),
    ("unused", "Not used for 30 days"),
    ("ended", "Ended"),
    ("revoked", "Revoked"),
)


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one owner. `back` is this page; `made` was made a moment ago, and its text is shown once.

    `acting` names the key whose form has mistakes.
    """

    items: Sequence[KeyRead]
    back: str
    longest: int
    service: ServiceAccountRead | None = None
    made: KeyCreated | None = None
    grants: Sequence[HeldGrant] = ()
    may_change: bool = True
    may_revoke: bool = True
    form: Form[KeyForm] = field(default_factory=Form)
    untouched: Form[Reason] = field(default_factory=Form)
    uses: tuple[tuple[str, str, str], ...] = CHOICES

    @property
    def leaked(self) -> Sequence[KeyRead]:
        """Those that somebody found, and that ended therefore."""
        return [item for item in self.items if item.revoke_reason == "leaked"]


@dataclass(frozen=True, slots=True)
class Services:
    """Service accounts, and the teams for which one can be created."""

    items: Sequence[ServiceAccountRead]
    teams: Sequence[str]
    form: Form[ServiceAccountCreate]


@dataclass(frozen=True, slots=True)
class Inventory:
    """One page of everybody's keys."""

    items: Sequence[KeyRead]
    more: str | None
    q: str
    state: str
    may_revoke: bool
    sections: Sequence[Section]
    states: tuple[tuple[str, str], ...] = STATES
    ended: int | None = None
    form: Form[Reason] = field(default_factory=Form)


async def open_own_keys(
    work: UnitOfWork, form: Form[KeyForm] | None = None, made: KeyCreated | None = None
) -> dict[str, object]:
    """Return the caller's keys."""
    longest = work.services.settings.keys.longest_days
    keys = Keys(await list_own_keys(work), "/me/keys", longest, made=made, form=form or Form())
    return {"page": keys, "in_words": in_words}


async def open_service(
    work: UnitOfWork,
    account_id: UUID,
    form: Form[KeyForm] | None = None,
    made: KeyCreated | None = None,
) -> dict[str, object]:
    """Return a service account with its keys.

    Raises:
        NotFoundError: no such account, or none the caller may know of.
    """
    async with work.read() as session:
        owner = await find_service(session, account_id)
        grants = await grants_held(session, account_id, work.now)
    may_read = await work.allowed(Permission.KEY_READ, owner.key())
    await authorize_seen(work, Permission.SERVICE_ACCOUNT_READ, owner.service(), Permission.KEY_READ)
    items = await list_service_keys(work, account_id) if may_read else []
    known = await list_services(work, owner.team.name if owner.team else "")
    (account,) = [one for one in known if one.id == account_id]
    keys = Keys(
        items,
        f"/service-accounts/{account_id}",
        work.services.settings.keys.longest_days,
        service=account,
        made=made,
        grants=grants,
        may_change=await work.allowed(Permission.KEY_CREATE, owner.key()),
        may_revoke=await work.allowed(Permission.KEY_REVOKE, owner.key()),
        form=form or Form(),
    )
    return {"page": keys, "in_words": in_words}


async def open_services(work: UnitOfWork, form: Form[ServiceAccountCreate] | None = None) -> Services:
    """Return the service accounts the caller may see."""
    async with work.read() as session:
        owned = (await rights_of(session, work.principal.id)).owner_of
    return Services(await list_services(work), owned, form or Form())


async def open_inventory(
    work: UnitOfWork, q: str, state: str, after: str, ended: int | None = None
) -> dict[str, object]:
    """Return one page of everybody's keys."""
    wanted = KeyFilter(q, KeyState(state) if state in set(KeyState) else None)
    page = await list_inventory(work, wanted, cursor(after, 1))
    may = await work.allowed(Permission.KEY_REVOKE, Resource("key"))
    more = next_href("/people/keys", [("q", q), ("shown", state)], page)
    sections = await sections_for(work)
    found = Inventory(page.items, more, q, state, may, sections, ended=ended)
    return {"page": found, "in_words": in_words, "sections": sections}
