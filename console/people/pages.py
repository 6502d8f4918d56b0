"""The pages of people: one's own access, everybody, one person, and what was done alone."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from console.changes.carrying import Carried
from console.declared import declares
from console.people.forms import RoleCreate, StateChange
from console.people.overview import open_alone, open_people, open_person
from console.people.own_rights import read_own_rights
from console.people.persons import change_state
from console.people.roles import assign_role, remove_role
from console.people.single_acts import confirm_single_act
from console.questions import Resource
from console.web.forms import read_form
from console.web.request import ConsoleRequest
from console.web.responses import form_error, page, redirect
from console.web.submitted import submit, typed
from console.work import UnitOfWork
from policy.permissions import Permission


@get("/me", opt=declares(Permission.SELF_READ))
async def me(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template:
    """Read one's own roles and grants, why they hold and until when."""
    return page(request, "people/me.html", await read_own_rights(work))


@get("/people", opt=declares(Permission.PERSON_READ))
async def people(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], after: FromQuery[str] = ""
) -> Template | Response[Any]:
    """Find people."""
    if not await work.allowed(Permission.PERSON_READ, Resource("person")):
        return redirect(request, "/people/teams")
    context = await open_people(work, dict(request.query_params.items()), after)
    return page(request, "people/people.html", context, fragment="people/_people.html")


@get("/people/{person_id:uuid}", opt=declares(Permission.PERSON_READ))
async def person(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], person_id: FromPath[UUID]
) -> Template:
    """See one person: what they hold, why, and until when."""
    return page(request, "people/person.html", await open_person(work, person_id))


@post("/people/{person_id:uuid}/disable", opt=declares(Permission.PERSON_DISABLE), status_code=200)
async def disable(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], person_id: FromPath[UUID]
) -> Response[Any]:
    """Keep a person out, and end everything of theirs."""
    await change_state(work, person_id, StateChange(state="disabled"))
    return redirect(request, f"/people/{person_id}")


@post("/people/{person_id:uuid}/enable", opt=declares(Permission.PERSON_ENABLE), status_code=200)
async def enable(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], person_id: FromPath[UUID]
) -> Response[Any]:
    """Let a disabled person sign in again."""
    await change_state(work, person_id, StateChange(state="active"))
    return redirect(request, f"/people/{person_id}")


@post("/people/{person_id:uuid}/roles", opt=declares(Permission.ROLE_ASSIGN), status_code=200)
async def give_role(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], person_id: FromPath[UUID]
) -> Template | Response[Any]:
    """Give a person a role, or ask for it."""
    sent = read_form(RoleCreate, {**await typed(request), "person": str(person_id)})
    form, result = await submit(sent, lambda data: assign_role(work, data))
    if result is None:
        context = await open_person(work, person_id, give=form)
        return form_error(request, "people/person.html", context, fragment="people/_role_form.html")
    return carried_to(request, result, f"/people/{person_id}")


@post("/people/roles/{assignment_id:uuid}/remove", opt=declares(Permission.ROLE_REMOVE), status_code=200)
async def take_role(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], assignment_id: FromPath[UUID]
) -> Response[Any]:
    """Take a role that was given by hand."""
    return redirect(request, f"/people/{await remove_role(work, assignment_id)}")


@get("/people/alone", opt=declares(Permission.SINGLE_PERSON_CONFIRM))
async def alone(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], after: FromQuery[str] = ""
) -> Template:
    """See what an admin did alone in the first days."""
    return page(request, "people/alone.html", await open_alone(work, after), fragment="people/_alone.html")


@post("/people/alone/{act_id:uuid}", opt=declares(Permission.SINGLE_PERSON_CONFIRM), status_code=200)
async def confirm(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], act_id: FromPath[UUID]
) -> Response[Any]:
    """Stand by what another admin did alone."""
    await confirm_single_act(work, act_id)
    return redirect(request, "/people/alone")


def carried_to(request: ConsoleRequest, result: Carried, path: str) -> Response[Any]:
    """Lead to what is done, or to the change that waits for somebody else."""
    waits = f"/records/changes/{result.change.id}" if result.change else path
    return redirect(request, waits)


PAGES = (me, people, person, disable, enable, give_role, take_role, alone, confirm)
