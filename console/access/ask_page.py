"""The page on which access is asked for: for which of one's teams, what for, for how long."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from console.access.forms import AccessRequestCreate, RequestCreated
from console.access.receiving import Receiver, receivers_of
from console.access.requesting import request_access
from console.catalog.explained import Access, explain_access, group_in_words
from console.catalog.forms import RouteDetail
from console.catalog.queries import route_detail
from console.web.forms import Form, read_form
from console.web.submitted import submit
from console.work import UnitOfWork
from sso.rights import rights_of

ME: Final = "me"


@dataclass(frozen=True, slots=True)
class AskPage:
    """What the page shows: `deciders` are whose approval it will take.

    `services` are the service accounts of the teams this person owns, of whose members one can be named.
    """

    model: RouteDetail
    access: Access
    teams: Sequence[str]
    services: Sequence[Receiver]
    owns: bool
    deciders: Sequence[str]
    form: Form[AccessRequestCreate]


async def open_ask(work: UnitOfWork, name: str, form: Form[AccessRequestCreate] | None = None) -> AskPage:
    """Return the page on which access to the route is asked for.

    Raises:
        NotFoundError: no such model, or none this principal may know of.
    """
    model = await route_detail(work, name)
    _, access = await explain_access(work, name)
    async with work.read() as session:
        rights = await rights_of(session, work.principal.id)
        services = await receivers_of(session, rights.owner_of)
    deciders = [group_in_words(group) for group in access.deciders]
    return AskPage(model, access, rights.teams, services, bool(rights.owner_of), deciders, form or Form())


async def send_request(
    work: UnitOfWork, name: str, typed: Mapping[str, str]
) -> tuple[Form[AccessRequestCreate], RequestCreated | None]:
    """Ask for access with what was typed; nobody chosen is the whole team, and `me` whoever asks."""
    optional = {"service", "person", "monthly_calls"}
    chosen = {key: value for key, value in typed.items() if key not in optional or value}
    if chosen.get("service") == ME:
        chosen = {**chosen, "person": str(work.principal.id)}
        del chosen["service"]
    sent = read_form(AccessRequestCreate, {**chosen, "route": name})
    form, created = await submit(sent, lambda data: request_access(work, data))
    return Form({**form.values, **typed}, form.errors, form.data), created
