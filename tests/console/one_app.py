"""One console for every test: building its routes anew costs more than most of what tests ask them.

The application keeps nothing but the services it finds in its state, so those are exchanged between requests.
"""

from typing import Any

from litestar import Litestar

from console.app import create_app
from console.asgi import ASGIApp
from console.services import Services


class OneApp:
    """The application that is built once, and whose services are answering now."""

    def __init__(self, app: Litestar) -> None:
        self.app = app
        self.answering = 0

    async def answer(self, services: Services, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request on `services`; two at once must be on the same ones."""
        state = self.app.state
        assert not self.answering or state.services is services, "two consoles at once need an app each"
        state.services = services
        self.answering += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self.answering -= 1


BUILT: list[OneApp] = []


def built_on(services: Services) -> Litestar:
    """Return the application itself, whose routes are everybody's, built by whoever asks first."""
    if not BUILT:
        BUILT.append(OneApp(create_app(services)))
    return BUILT[0].app


def console_on(services: Services) -> ASGIApp:
    """Return the console on `services`."""
    built_on(services)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await BUILT[0].answer(services, scope, receive, send)

    return app
