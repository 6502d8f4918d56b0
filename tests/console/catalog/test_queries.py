"""Lists, search, facets and access: the same on both databases, and the same as decision by decision."""

import random
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from console.catalog.facts import find_route, route_resource
from console.catalog.filters import LONGEST_SEARCH
from console.catalog.queries import FACETS, RouteFilter, count_facets, list_routes, route_detail
from console.errors import NotFoundError
from console.models import DataClass, Route, Tier, Visibility
from console.services import Services
from console.sign_in.providers import dev_issuer
from console.web.pagination import decode_cursor
from console.work import UnitOfWork
from policy.models import PrincipalType
from policy.permissions import Permission
from sso.models import MappingRule, Person, PersonKind, RuleRole
from sso.principal import Authentication, Principal
from tests.console.catalog.both import settings  # noqa: F401 - both databases
from tests.console.catalog.shelf import DAY, EVERYTHING, Shelf, names, work_of
from tests.console.conftest import START, Admit

pytestmark = pytest.mark.slow  # generated organisations are asked row by row

GROUPS = {
    "both": ("retail", "risk-members"),
    "owner2": ("health-owners", "vision-owners"),
    "wide-admin": ("guildhall-admins",),
    "narrow-admin": ("narrow-admins",),
    "wide-auditor": ("guildhall-auditors",),
    "narrow-auditor": ("narrow-auditors", "retail"),
    "reviewer2": ("guildhall-reviewers",),
    "nobody": (),
}
RULES = (
    ("risk-members", RuleRole.MEMBER, "risk", "all"),
    ("narrow-admins", RuleRole.ADMIN, None, '["health","vision"]'),
    ("narrow-auditors", RuleRole.AUDITOR, None, '["risk"]'),
)


@pytest.fixture
async def crowd(services: Services, teams: dict[str, UUID], admit: Admit) -> list[Principal]:
    """People with every kind of role, and a service."""
    service = Person(kind=PersonKind.SERVICE, created=START)
    async with services.database.write() as session:
        for value, role, team, scope in RULES:
            issuer, team_id = dev_issuer(services.settings), teams[team] if team else None
            rule = MappingRule(
                issuer=issuer,
                claim="groups",
                value=value,
                team_id=team_id,
                role=role,
                scope=scope,
                created=START,
            )
            session.add(rule)
        session.add(service)
    proof = Authentication(method="bearer", issuer="https://issuer.test", subject="robot")
    found = [await admit(handle, groups) for handle, groups in GROUPS.items()]
    return [*found, Principal(service.id, "service", "robot", "Robot", proof)]


async def fill(shelf: Shelf, principals: Sequence[Principal], seed: int) -> list[Route]:
    """Routes of any visibility and owner; grants of any kind, time and end."""
    choose = random.Random(seed)  # noqa: S311 - the same routes at each run
    teams = sorted(shelf.teams)
    for number in range(14):
        facts: dict[str, Any] = {"visibility": choose.choice(list(Visibility)), "team": choose.choice(teams)}
        await shelf.put(f"{choose.choice(teams)}.m{number}", tier=choose.choice(list(Tier)), **facts)
    routes = await shelf.all_routes()
    holders = {kind: [one.id for one in principals] for kind in PrincipalType}
    holders[PrincipalType.TEAM] = list(shelf.teams.values())
    now = shelf.services.clock()
    windows = [(now - DAY, now + DAY), (now - 2 * DAY, now - DAY), (now + DAY, now + 2 * DAY)]
    for _ in range(25):
        kind = choose.choice(list(PrincipalType))
        holder = choose.choice(holders[kind])
        starts, ends = choose.choice(windows)
        revoked = choose.choice([None, None, now - 1])
        facts = {"starts": starts, "ends": ends, "revoked_at": revoked}
        await shelf.grant(choose.choice(routes), kind, holder, **facts)
    return routes


@pytest.mark.parametrize("seed", range(3))
async def test_a_list_holds_exactly_what_each_decision_would_show(
    seed: int, services: Services, shelf: Shelf, crowd: list[Principal]
) -> None:
    routes = await fill(shelf, crowd, seed)
    for principal in crowd:
        work = work_of(services, principal)
        shown = await names(work, size=5)
        may = [route.name for route in routes if await _may_read(work, route.name)]
        assert shown == may, principal.handle
        counts = await count_facets(work, EVERYTHING)
        assert {sum(count for _, count in counts[name]) for name in FACETS} == {len(may)}
        assert await names(work, RouteFilter("scoring")) == may


async def _may_read(work: UnitOfWork, name: str) -> bool:
    async with work.read() as session:
        facts = await find_route(session, name)
        assert facts is not None
        resource = await route_resource(session, facts, work.principal.id)
    return await work.allowed(Permission.MODEL_READ, resource)


async def test_what_is_hidden_is_nowhere_for_a_stranger(
    services: Services, shelf: Shelf, people: dict[str, Principal]
) -> None:
    await shelf.put("health.secret", visibility=Visibility.HIDDEN, title="Quiet", task="unique task")
    await shelf.put("risk.known")
    seeing = {"owner", "admin", "auditor"}
    for handle, principal in people.items():
        work = work_of(services, principal)
        sees = handle in seeing
        assert ("health.secret" in await names(work)) is sees
        assert await names(work, RouteFilter("quiet")) == (["health.secret"] if sees else [])
        assert await names(work, RouteFilter("", (("task", "unique task"),))) == (
            ["health.secret"] if sees else []
        )
        counts = await count_facets(work, EVERYTHING)
        assert ("unique task" in dict(counts["task"])) is sees
        if sees:
            assert (await route_detail(work, "health.secret")).name == "health.secret"
        else:
            with pytest.raises(NotFoundError):
                await route_detail(work, "health.secret")


async def test_a_grant_opens_what_is_hidden_while_it_lasts(
    services: Services, shelf: Shelf, people: dict[str, Principal], clock: Any
) -> None:
    [route] = await shelf.put("health.secret", visibility=Visibility.HIDDEN)
    await shelf.grant(route, PrincipalType.TEAM, shelf.teams["retail"])
    work = work_of(services, people["member"])
    assert (await route_detail(work, "health.secret")).access == "granted"
    assert await names(work) == ["health.secret"]
    clock.forward(86_400)
    assert await names(work) == []
    with pytest.raises(NotFoundError):
        await route_detail(work, "health.secret")


async def test_pages_stay_whole_while_routes_are_added(
    services: Services, shelf: Shelf, people: dict[str, Principal]
) -> None:
    await shelf.put(*(f"risk.m{number:02}" for number in range(0, 20, 2)))
    work = work_of(services, people["member"])
    first = await list_routes(work, EVERYTHING, None, 5)
    await shelf.put("risk.a", "risk.m03", "risk.m09", "risk.m15", "risk.z")
    assert first.next is not None
    second = await list_routes(work, EVERYTHING, decode_cursor(first.next, 1), 50)
    assert [item.name for item in first.items] == [f"risk.m0{number}" for number in (0, 2, 4, 6, 8)]
    assert [item.name for item in second.items] == [
        *("risk.m09", "risk.m10", "risk.m12", "risk.m14", "risk.m15", "risk.m16", "risk.m18", "risk.z"),
    ]
    assert second.next is None


async def test_names_of_any_sign_are_paged_without_loss(
    services: Services, shelf: Shelf, people: dict[str, Principal]
) -> None:
    given = [f"risk.{name}" for name in ("a", "a-b", "ab", "a_b", "a.b", "a1", "a-1", "b", "b-", "1", "a--b")]
    await shelf.put(*given)
    for size in (1, 2, 3):
        found = await names(work_of(services, people["member"]), size=size)
        assert sorted(found) == sorted(given)


async def test_any_page_marker_is_taken(
    services: Services, shelf: Shelf, people: dict[str, Principal]
) -> None:
    await shelf.put("risk.one")
    for after in ("", "\0", "\ud800", "zz", "'; --", 7):
        page = await list_routes(work_of(services, people["member"]), EVERYTHING, (after,))
        assert len(page.items) in {0, 1}


SEARCHES: tuple[tuple[str, list[str]], ...] = (
    ("", ["one", "three", "two"]),
    ("   ", ["one", "three", "two"]),
    ("ONE", ["one"]),
    ("Müller", ["two"]),
    ("MÜLLER", ["two"]),
    ("müLLer ärger", ["two"]),
    ("ÄRGER", ["two"]),
    ("élan", ["two"]),
    ("forecast", ["one"]),
    ("FORECASTING demand", ["one"]),
    ("demand fraud", []),
    ("risk", ["one", "three", "two"]),
    ("risk.t", ["three", "two"]),
    ("100%", ["three"]),
    ("%", ["three"]),
    ("_", ["three"]),
    ("a_b", ["three"]),
    ("axb", []),
    ("/", []),
    ("\\", []),
    ("'", []),
    ('"; drop table route', []),
    ("one\0", []),
    ("\ud800", []),
    ("<script>", []),
    ("one " + "x" * 100_000, []),
    (" ".join(["one"] * 5000), ["one"]),
    (" " * (LONGEST_SEARCH + 5) + "nothing", ["one", "three", "two"]),
)


async def test_every_word_is_looked_for_whatever_its_case(
    services: Services, shelf: Shelf, people: dict[str, Principal]
) -> None:
    await shelf.put("risk.one", title="Demand", task="Forecasting")
    await shelf.put("risk.two", title="MÜLLER", summary="Ärger mit Élan")
    await shelf.put("risk.three", title="a_b", summary="100% sure")
    work = work_of(services, people["member"])
    for text, found in SEARCHES:
        assert await names(work, RouteFilter(text)) == [f"risk.{name}" for name in found], text[:40]


async def test_facets_narrow_the_list_and_count_what_the_others_leave(
    services: Services, shelf: Shelf, people: dict[str, Principal]
) -> None:
    await shelf.put("risk.a", "risk.b", tier=Tier.LOW, data_class=DataClass.PUBLIC)
    await shelf.put("risk.c", tier=Tier.HIGH, data_class=DataClass.PUBLIC)
    await shelf.put("vision.d", tier=Tier.HIGH, data_class=DataClass.SPECIAL)
    await shelf.put("vision.e", tier=Tier.HIGH, visibility=Visibility.HIDDEN)
    work = work_of(services, people["member"])
    wanted = RouteFilter("", (("tier", "high"), ("team", "risk")))
    assert await names(work, wanted) == ["risk.c"]
    counts = await count_facets(work, wanted)
    assert counts["tier"] == [("high", 1), ("low", 2)]
    assert counts["team"] == [("risk", 1), ("vision", 1)]
    assert counts["data_class"] == [("public", 1)]
    either = RouteFilter("", (("tier", "high"), ("tier", "low"), ("data_class", "public")))
    assert await names(work, either) == ["risk.a", "risk.b", "risk.c"]
    for odd in ("nothing", "\0", "\ud800", "high' or '1'='1"):
        assert await names(work, RouteFilter("", (("tier", odd),))) == []
    assert len(await names(work, RouteFilter("", (("unknown", "x"),)))) == 4


async def test_ids_that_are_no_routes_match_nothing(
    services: Services, shelf: Shelf, people: dict[str, Principal]
) -> None:
    [route] = await shelf.put("health.secret", visibility=Visibility.HIDDEN)
    await shelf.grant(route, PrincipalType.PERSON, uuid7())
    assert await names(work_of(services, people["member"])) == []
