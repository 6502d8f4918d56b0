"""Pings every service the console needs; the health page, `ready` and `doctor` show the same answers."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from console.errors import ConsoleError, ServiceUnavailableError
from console.services import Services

Ping = Callable[[], Awaitable[None]]
PATIENCE = 3.0
NO_LOG = "The log has not begun: its worker has not started yet."


def pings(services: Services) -> Mapping[str, Ping]:
    """Return how each service is asked whether it answers."""
    return {
        "database": services.database.ping,
        "keys": services.keys.ping,
        "log": _log_ping(services),
        "policy": services.decider.ping,
    }


def _log_ping(services: Services) -> Ping:
    async def ping() -> None:
        if not await services.log.size():
            raise ServiceUnavailableError(NO_LOG, ("log_missing",))

    return ping


async def ping_all(services: Services) -> dict[str, str]:
    """Return `ok` or one sentence for each service, asked at the same time."""
    asked = pings(services)
    answers = await asyncio.gather(*(_ask(ping) for ping in asked.values()))
    return dict(zip(asked, answers, strict=True))


async def _ask(ping: Ping) -> str:
    try:
        async with asyncio.timeout(PATIENCE):
            await ping()
    except TimeoutError:
        return "It does not answer in time."
    except ConsoleError as error:
        return error.detail
    except Exception as error:  # noqa: BLE001 - whatever is wrong, the page says so instead of failing
        return f"It does not answer ({type(error).__name__})."
    return "ok"
