"""The first page."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from console.declared import declares
from console.home.waiting import open_home
from console.web.request import ConsoleRequest
from console.web.responses import page
from console.work import UnitOfWork
from policy.permissions import Permission


@get("/", opt=declares(Permission.MODEL_READ))
async def home(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template:
    """See what waits for me, and my models."""
    return page(request, "home/home.html", await open_home(work))


PAGES = (home,)
