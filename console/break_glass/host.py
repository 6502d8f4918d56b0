"""Runs one command of break glass with the product's own services, beside whatever else runs on this host."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from console.installation import require_current
from console.services import Services, build
from console.settings import Settings

T = TypeVar("T")


async def run_on_host(settings: Settings, act: Callable[[Services], Awaitable[T]]) -> T:
    """Return what `act` returns.

    Raises:
        SettingsError: the databases are not at the newest revision.
    """
    await require_current(settings)
    services = build(settings)
    try:
        return await act(services)
    finally:
        await services.close()
