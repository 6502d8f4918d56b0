"""The pages of teams and of mapping rules."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from console.declared import declares
from console.people.forms import MappingRuleCreate, MembershipCreate, TeamCreate
from console.people.mapping import create_rule, delete_rule
from console.people.memberships import create_membership, remove_membership
from console.people.overview import open_team, open_teams
from console.people.pages import carried_to
from console.people.rule_pages import open_preview, open_rules
from console.people.teams import create_team
from console.web.forms import read_form
from console.web.request import ConsoleRequest
from console.web.responses import form_error, page, redirect
from console.web.submitted import submit, typed
from console.work import UnitOfWork
from policy.permissions import Permission


@get("/people/teams", opt=declares(Permission.TEAM_READ))
async def teams(
    request: ConsoleRequest,
    work: NamedDependency[UnitOfWork],
    q: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Template:
    """See the teams one may see."""
    return page(request, "people/teams.html", await open_teams(work, q, after), fragment="people/_teams.html")


@post("/people/teams", opt=declares(Permission.TEAM_CREATE), status_code=200)
async def add_team(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template | Response[Any]:
    """Make a team."""
    form, made = await submit(
        read_form(TeamCreate, await typed(request)), lambda data: create_team(work, data)
    )
    if made is None or form.data is None:
        context = await open_teams(work, form=form)
        return form_error(request, "people/teams.html", context, fragment="people/_team_form.html")
    return redirect(request, f"/people/teams/{form.data.name}")


@get("/people/teams/{name:str}", opt=declares(Permission.TEAM_READ))
async def team(
    request: ConsoleRequest,
    work: NamedDependency[UnitOfWork],
    name: FromPath[str],
    after: FromQuery[str] = "",
) -> Template:
    """See one team: who is in it, and what it owns and may call."""
    context = await open_team(work, name, after)
    return page(request, "people/team.html", context, fragment="people/_members.html")


@post("/people/teams/{name:str}/members", opt=declares(Permission.MEMBERSHIP_CREATE), status_code=200)
async def join(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], name: FromPath[str]
) -> Template | Response[Any]:
    """Put somebody into a team, or ask for it."""
    sent = read_form(MembershipCreate, {**await typed(request), "team": name})
    form, result = await submit(sent, lambda data: create_membership(work, data))
    if result is None:
        context = await open_team(work, name, join=form)
        return form_error(request, "people/team.html", context, fragment="people/_join_form.html")
    return carried_to(request, result, f"/people/teams/{name}")


@post(
    "/people/memberships/{membership_id:uuid}/remove",
    opt=declares(Permission.MEMBERSHIP_REMOVE),
    status_code=200,
)
async def leave(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], membership_id: FromPath[UUID]
) -> Response[Any]:
    """Take out somebody whom a hand has put into a team."""
    return redirect(request, f"/people/teams/{await remove_membership(work, membership_id)}")


@get("/people/rules", opt=declares(Permission.MAPPING_RULE_READ))
async def rules(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], after: FromQuery[str] = ""
) -> Template:
    """See which claims give which roles, and how many people each rule matches."""
    return page(request, "people/rules.html", await open_rules(work, after), fragment="people/_rules.html")


@post("/people/rules", opt=declares(Permission.MAPPING_RULE_CREATE), status_code=200)
async def add_rule(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template | Response[Any]:
    """Add a mapping rule, or ask for it."""
    sent = read_form(MappingRuleCreate, {name: text for name, text in (await typed(request)).items() if text})
    form, result = await submit(sent, lambda data: create_rule(work, data))
    if result is None:
        context = await open_rules(work, form=form)
        return form_error(request, "people/rules.html", context, fragment="people/_rule_form.html")
    return carried_to(request, result, "/people/rules")


@post("/people/rules/preview", opt=declares(Permission.MAPPING_RULE_CREATE), status_code=200)
async def preview(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template:
    """Work out what somebody would get."""
    context = await open_preview(work, await typed(request))
    return page(request, "people/rules.html", context, fragment="people/_preview.html")


@post("/people/rules/{rule_id:uuid}/delete", opt=declares(Permission.MAPPING_RULE_DELETE), status_code=200)
async def drop_rule(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], rule_id: FromPath[UUID]
) -> Response[Any]:
    """Delete a mapping rule, or ask for it."""
    reason = (await typed(request)).get("reason", "").strip()[:500]
    result = await delete_rule(work, rule_id, reason or "No longer needed.")
    return carried_to(request, result, "/people/rules")


PAGES = (teams, add_team, team, join, leave, rules, add_rule, preview, drop_rule)
