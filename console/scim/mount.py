"""The mount of `/scim`, which loads its library when the first directory calls.

That import takes a second of processor time: every start of every process would pay for it, and most
installations have no directory.
"""

import asyncio
from typing import Any

from console.asgi import ASGIApp, Receive, Scope, Send
from console.services import Services


class ScimMount:
    """Answers with the SCIM application, built by whoever asks first."""

    def __init__(self, services: Services) -> None:
        """Prepare to answer for `services`."""
        self._services = services
        self._application: Any = None
        self._building = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        async with self._building:
            if self._application is None:
                self._application = await asyncio.to_thread(self._build)
        await self._application(scope, receive, send)

    def _build(self) -> ASGIApp:
        from console.scim.door import scim_application  # noqa: PLC0415 - see the top

        return scim_application(self._services)
