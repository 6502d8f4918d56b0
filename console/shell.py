"""What the layout draws around every page: the rail, the person, the banner, how far the log is.

Drawing must not wait for anything, so the few facts it needs are read before the handler runs.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version

from litestar.datastructures import Headers
from litestar.types import ASGIApp, Receive, Scope, Send
from sqlalchemy.exc import SQLAlchemyError

from console.access.queries import count_asked
from console.admin.progress import log_progress
from console.changes.awaiting import list_awaited
from console.custody.overview import KINDS
from console.home.waiting import answers_requests
from console.questions import Origin, Resource
from console.services import Services
from console.web.navigation import Person, Shell, build_rail
from console.web.request import read_htmx
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.directory import PersonRights, rights_of
from sso.principal import Principal

BANNER = "Development identity provider: anybody at this machine can be anybody. Never use it for real data."
LOG_SILENT = "The audit log does not answer"
SEARCH_PATH = "/models"
SHELL_STATE = "shell"


@dataclass(frozen=True, slots=True)
class ShellFacts:
    """What one person's shell shows: rights, the areas they may enter, what waits, how far the log is."""

    rights: PersonRights
    areas: Collection[str]
    counts: Mapping[str, int] = field(default_factory=dict)
    audit_lag: str | None = None


class ShellReader:
    """ASGI middleware behind the session: reads the shell's facts, except for parts of a page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Put the facts where `describe_shell` finds them, then go on."""
        principal = scope.get("user")
        if isinstance(principal, Principal) and not read_htmx(Headers.from_scope(scope)).partial:
            scope["state"][SHELL_STATE] = await read_shell(scope["app"].state.services, principal)
        await self.app(scope, receive, send)


async def read_shell(services: Services, principal: Principal) -> ShellFacts:
    """Return what the shell shows this person."""
    async with services.database.read() as session:
        rights = await rights_of(session, principal.id)
    work = UnitOfWork(services, principal, Origin("page"))
    areas = await _areas(work, rights)
    return ShellFacts(rights, areas, await _counts(work, areas), await _audit_lag(services))


async def _counts(work: UnitOfWork, areas: Collection[str]) -> Mapping[str, int]:
    counts = {"reviews": await count_asked(work)} if "reviews" in areas else {}
    if "records" in areas:
        counts["records"] = len(await list_awaited(work, KINDS))
    return counts


async def _areas(work: UnitOfWork, rights: PersonRights) -> Collection[str]:
    asked = {
        "audit": await work.allowed(Permission.AUDIT_READ, Resource("audit")),
        "records": await work.allowed(Permission.CHANGE_READ, Resource("retention")),
        "people": bool(rights.owner_of) or await work.allowed(Permission.PERSON_READ, Resource("person")),
        "admin": await work.allowed(Permission.HEALTH_READ, Resource("health")),
        "reviews": answers_requests(rights),
    }
    return {"models", "requests", "me", *(key for key, may in asked.items() if may)}


async def _audit_lag(services: Services) -> str:
    try:
        return (await log_progress(services)).sentence()
    except SQLAlchemyError:
        return LOG_SILENT


def describe_shell(scope: Scope) -> Shell:
    """Return the shell of one page; a page without a person has an empty rail."""
    principal, services = scope.get("user"), scope["app"].state.services
    facts = scope["state"].get(SHELL_STATE)
    banner = BANNER if services.settings.embedded else None
    if not isinstance(principal, Principal) or not isinstance(facts, ShellFacts):
        return Shell(path=scope["path"], version=version("guildhall"), banner=banner)
    return Shell(
        path=scope["path"],
        version=version("guildhall"),
        person=_person(principal, facts.rights),
        rail=build_rail(scope["path"], facts.areas, facts.counts),
        banner=banner,
        audit_lag=facts.audit_lag,
        search_path=None if scope["path"] == SEARCH_PATH else SEARCH_PATH,
    )


def _person(principal: Principal, rights: PersonRights) -> Person:
    roles = tuple(role.value for role, _ in rights.roles)
    return Person(principal.name, principal.handle, roles, rights.teams)
