"""The access a list shows is one's own, and what a call would be decided."""

from console.catalog.facts import find_route, route_resource
from console.catalog.queries import list_routes, route_detail
from console.models import Visibility
from console.services import Services
from console.work import UnitOfWork
from policy.models import ChangeState, PrincipalType
from policy.permissions import Permission
from sso.principal import Principal
from tests.console.catalog.both import settings  # noqa: F401 - both databases
from tests.console.catalog.shelf import DAY, EVERYTHING, Shelf, work_of
from tests.console.conftest import Admit


async def test_access_is_ones_own(
    services: Services, shelf: Shelf, people: dict[str, Principal], admit: Admit
) -> None:
    kinds = ["ended", "future", "mate", "mine", "none", "others", "person", "revoked", "team", "turned-down"]
    routes = dict(zip(kinds, await shelf.put(*(f"risk.{kind}" for kind in kinds)), strict=True))
    await shelf.put("vision.shared", visibility=Visibility.SHARED)
    member, now = people["member"], services.clock()
    mate = await admit("mate", ("retail",))
    await shelf.grant(routes["team"], PrincipalType.TEAM, shelf.teams["retail"])
    await shelf.grant(routes["person"], PrincipalType.PERSON, member.id)
    await shelf.grant(routes["others"], PrincipalType.PERSON, mate.id)
    await shelf.grant(routes["others"], PrincipalType.TEAM, shelf.teams["vision"])
    await shelf.grant(routes["ended"], PrincipalType.PERSON, member.id, ends=now - 1_000_000)
    await shelf.grant(routes["future"], PrincipalType.PERSON, member.id, starts=now + DAY // 2)
    await shelf.grant(routes["revoked"], PrincipalType.TEAM, shelf.teams["retail"], revoked_at=now - 5)
    await shelf.request(routes["mine"], member.id)
    await shelf.request(routes["team"], member.id)
    await shelf.request(routes["mate"], mate.id)
    await shelf.request(routes["turned-down"], member.id, ChangeState.REFUSED)
    work = work_of(services, member)
    page = await list_routes(work, EVERYTHING, None)
    shown = {item.name.partition(".")[2]: item.access for item in page.items}
    assert shown == dict.fromkeys(kinds, "none") | {
        "mine": "pending",
        "team": "granted",
        "person": "granted",
        "shared": "granted",
    }
    for name, access in shown.items():
        route = f"{'vision' if name == 'shared' else 'risk'}.{name}"
        assert (await route_detail(work, route)).access == access
        assert (access == "granted") == await _may_call(work, route)


async def _may_call(work: UnitOfWork, name: str) -> bool:
    async with work.read() as session:
        facts = await find_route(session, name)
        assert facts is not None
        resource = await route_resource(session, facts, work.principal.id)
    return await work.allowed(Permission.MODEL_INVOKE, resource)
