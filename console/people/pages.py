"""The page of one's own access."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from console.declared import declares
from console.people.own_rights import read_own_rights
from console.web.request import ConsoleRequest
from console.web.responses import page
from console.work import UnitOfWork
from policy.permissions import Permission


@get("/me", opt=declares(Permission.SELF_READ))
async def me(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template:
    """Read one's own roles and grants, why they hold and until when."""
    return page(request, "people/me.html", await read_own_rights(work))


PAGES = (me,)
