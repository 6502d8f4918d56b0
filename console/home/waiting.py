"""What the first page shows: what waits for this person, and the one thing to do next."""

from collections.abc import Sequence
from dataclasses import dataclass

from console.access.forms import RequestItem
from console.access.lists import open_queue
from console.access.queries import RequestFilter, list_requests
from console.campaigns.orphans import count_orphans
from console.campaigns.queries import count_awaited
from console.catalog.forms import RouteRead
from console.catalog.queries import RouteFilter, list_routes
from console.changes.awaiting import list_awaited
from console.changes.forms import ChangeItem
from console.home.ending import Ending, grants_ending
from console.questions import Resource
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.rights import PersonRights, rights_of

SHOWN = 5
MOST_ROUTES = 200


@dataclass(frozen=True, slots=True)
class FirstAction:
    """The one thing to do next, and the sentence that says why."""

    sentence: str
    label: str
    path: str
    icon: str


@dataclass(frozen=True, slots=True)
class Home:
    """What the first page shows; the lists hold the first few, the numbers count all."""

    first: FirstAction
    waiting: Sequence[RequestItem]
    waiting_count: int
    changes: Sequence[ChangeItem]
    changes_count: int
    requests: Sequence[RequestItem]
    may_call: Sequence[RouteRead]
    owned: Sequence[RouteRead]
    rounds: int
    orphans: int
    ending: Sequence[Ending]
    answers: bool
    audits: bool
    administers: bool


async def open_home(work: UnitOfWork) -> Home:
    """Return the first page of the principal."""
    async with work.read() as session:
        rights = await rights_of(session, work.principal.id)
    queue = (await open_queue(work, "", everything=False)).items
    changes = await list_awaited(work)
    rounds = await count_awaited(work)
    own = (await list_requests(work, RequestFilter(own=True), None, SHOWN)).items
    routes = (await list_routes(work, RouteFilter(), None, MOST_ROUTES)).items
    audits = await work.allowed(Permission.AUDIT_READ, Resource("audit"))
    administers = await work.allowed(Permission.HEALTH_READ, Resource("health"))
    return Home(
        first=choose_first(queue, changes, own, rounds=rounds, audits=audits, administers=administers),
        waiting=queue[:SHOWN],
        waiting_count=len(queue),
        changes=changes[:SHOWN],
        changes_count=len(changes),
        requests=own,
        may_call=[item for item in routes if item.access == "granted" and item.state == "active"],
        owned=[item for item in routes if item.team in rights.owner_of],
        rounds=rounds,
        orphans=await count_orphans(work) if administers or answers_requests(rights) else 0,
        ending=await grants_ending(work),
        answers=answers_requests(rights),
        audits=audits,
        administers=administers,
    )


def answers_requests(rights: PersonRights) -> bool:
    """Say whether requests can wait for this person: owners of a team, and reviewers."""
    return bool(rights.owner_of) or "reviewer" in {role.value for role, _ in rights.roles}


def choose_first(
    queue: Sequence[RequestItem],
    changes: Sequence[ChangeItem],
    own: Sequence[RequestItem],
    *,
    rounds: int = 0,
    audits: bool,
    administers: bool,
) -> FirstAction:
    """Return what to do next: answering comes first, then what one is here for."""
    if queue:
        count = f"{len(queue)} requests wait" if len(queue) > 1 else "A request waits"
        sentence = f"{count} for your signed answer."
        return FirstAction(sentence, "Answer the oldest", f"/reviews/{queue[0].id}", "checklist")
    if changes:
        count = f"{len(changes)} changes wait" if len(changes) > 1 else "A change waits"
        path = f"/records/changes/{changes[0].id}"
        return FirstAction(f"{count} for your signed answer.", "Answer the oldest", path, "checklist")
    if rounds:
        sentence = "It waits for you to say which grants are still needed."
        return FirstAction(sentence, "See the access reviews", "/reviews/campaigns", "checklist")
    return _choose_quiet(own, audits=audits, administers=administers)


def _choose_quiet(own: Sequence[RequestItem], *, audits: bool, administers: bool) -> FirstAction:
    quiet = "Nothing waits for you."
    if audits:
        return FirstAction(quiet, "Search the audit log", "/audit", "list-search")
    if administers:
        return FirstAction(quiet, "See the health", "/admin", "activity")
    pending = [item for item in own if item.state == "pending"]
    if pending:
        sentence = "Your request waits for its answers." if len(pending) == 1 else "Your requests wait."
        return FirstAction(sentence, "Follow it", f"/requests/{pending[0].id}", "clock")
    return FirstAction(quiet, "Find a model", "/models", "search")
