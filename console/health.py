"""Probes: is the process alive, and can it do its work. They name no host and no secret."""

from litestar import Response, get
from litestar.di import NamedDependency

from console.declared import public
from console.pings import ping_all
from console.services import Services

PROBE = public("probes are read by machines that have no identity")


@get("/health/live", opt=PROBE, include_in_schema=False)
async def live() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "live"}


@get("/health/ready", opt=PROBE, include_in_schema=False)
async def ready(services: NamedDependency[Services]) -> Response[dict[str, str]]:
    """Say whether every needed service answers; 503 names those that do not."""
    found = await ping_all(services)
    return Response(found, status_code=200 if all(state == "ok" for state in found.values()) else 503)


HEALTH = (live, ready)
