"""Who may do what and why, and who could: the API of the explaining pages."""

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from console.declared import declares
from console.explain.as_of import who_could
from console.explain.explaining import WhatIf, explain
from console.explain.forms import CouldRead, Explanation
from console.web.listing import Listing, cursor
from console.work import UnitOfWork
from policy.permissions import Permission

Limit = Annotated[int, QueryParameter(ge=1, le=200)]


@get("/access/explain", opt=declares(Permission.ACCESS_EXPLAIN))
async def get_explanation(
    work: NamedDependency[UnitOfWork],
    *,
    who: FromQuery[str] = "",
    model: FromQuery[str] = "",
    verb: FromQuery[str] = "invoke",
    at: FromQuery[str] = "",
    known: FromQuery[str] = "",
    revision: FromQuery[str] = "",
    group: FromQuery[str] = "",
) -> Explanation:
    """Say why somebody may do something on a model, or what refuses it; also in the past, or supposing."""
    return await explain(work, who, model, verb, at=at, known=known, what_if=WhatIf(revision, group))


@get("/access/as-of", opt=declares(Permission.ACCESS_EXPLAIN))
async def get_as_of(
    work: NamedDependency[UnitOfWork],
    *,
    who: FromQuery[str] = "",
    model: FromQuery[str] = "",
    verb: FromQuery[str] = "invoke",
    at: FromQuery[str] = "",
    known: FromQuery[str] = "",
    after: FromQuery[str] = "",
    limit: Limit = 50,
) -> Listing[CouldRead]:
    """List who could do what at a moment, as known then or now."""
    page = await who_could(work, who, model, verb, at=at, known=known, after=cursor(after, 2), size=limit)
    return Listing.of(page)


API = (get_explanation, get_as_of)
