"""The first page, and the icon that browsers ask every site for."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from console.declared import declares, public
from console.home.waiting import open_home
from console.web.assets import read_assets
from console.web.request import ConsoleRequest
from console.web.responses import page
from console.work import UnitOfWork
from policy.permissions import Permission


@get("/", opt=declares(Permission.MODEL_READ))
async def home(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template:
    """See what waits for me, and my models."""
    return page(request, "home/home.html", await open_home(work))


@get("/favicon.ico", opt=public("an icon holds nothing about anybody"))
async def icon() -> Redirect:
    """Lead to our mark; pages that name no icon of their own make browsers ask here."""
    return Redirect(read_assets().asset("mark.svg").path)


PAGES = (home,)
OPEN = (icon,)
