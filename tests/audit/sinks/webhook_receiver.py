"""A receiver of webhooks that believes only what the official library of Standard Webhooks verifies."""

import base64
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


@dataclass
class Receiver:
    """Keeps messages by id, so that one sent twice is kept once."""

    url: str = ""
    largest: int = 10_000_000
    refuse: deque[int] = field(default_factory=deque)
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    forged: int = 0
    deliveries: int = 0

    def sequences(self) -> list[int]:
        entries = [
            entry for message in self.messages.values() for entry in message["data"].get("entries", [])
        ]
        return sorted({entry["event"]["sequence"] for entry in entries})

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.deliveries += 1
        if self.refuse:
            return web.Response(status=self.refuse.popleft())
        if len(body) > self.largest:
            return web.Response(status=413)
        try:
            Webhook(SECRET).verify(body, dict(request.headers))
        except WebhookVerificationError:
            self.forged += 1
            return web.Response(status=401)
        self.messages[request.headers["webhook-id"]] = orjson.loads(body)
        return web.Response(status=204)


async def start(made: Receiver) -> web.AppRunner:
    """Serve on a free loopback port."""
    app = web.Application(client_max_size=50_000_000)
    app.router.add_post("/hook", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    return runner
