"""A small HTTP Event Collector over real HTTP on loopback, with acknowledgements that can be held back."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

TOKEN = "00000000-aaaa-bbbb-cccc-000000000000"


@dataclass
class FakeSplunk:
    """Keeps events once they are acknowledged; ``refuse`` holds what the next requests meet."""

    url: str = ""
    acknowledges: bool = True
    lost: bool = False
    largest: int = 10_000_000
    bad: set[int] = field(default_factory=set)
    refuse: deque[tuple[int, dict[str, Any]]] = field(default_factory=deque)
    requests: list[list[dict[str, Any]]] = field(default_factory=list)
    channels: set[str] = field(default_factory=set)
    asked: int = 0

    @property
    def events(self) -> list[dict[str, Any]]:
        """Every event of every accepted request, in order."""
        return [event for request in self.requests for event in request]

    def sequences(self) -> list[int]:
        return sorted({event["event"]["event"]["sequence"] for event in self.events})

    async def take(self, request: web.Request) -> web.Response:
        if request.headers.get("authorization") != f"Splunk {TOKEN}":
            return web.json_response({"text": "Invalid token", "code": 4}, status=403)
        if self.refuse:
            status, answer = self.refuse.popleft()
            return web.json_response(answer, status=status)
        body = await request.read()
        if not body:
            return web.json_response({"text": "No data", "code": 5}, status=400)
        if len(body) > self.largest:
            return web.Response(status=413)
        events = read_events(body)
        for place, event in enumerate(events):
            if event["event"]["event"]["sequence"] in self.bad and "action" in event["event"]["event"]:
                said = {"text": "Invalid data format", "code": 6, "invalid-event-number": place}
                return web.json_response(said, status=400)
        self.channels.add(request.headers["x-splunk-request-channel"])
        self.requests.append(events)
        told = {"text": "Success", "code": 0}
        return web.json_response({**told, "ackId": len(self.requests) - 1} if self.acknowledges else told)

    async def acknowledge(self, request: web.Request) -> web.Response:
        self.asked += 1
        wanted = (await request.json())["acks"]
        known = request.headers["x-splunk-request-channel"] in self.channels and not self.lost
        # The first question is always too early, as it is in life.
        return web.json_response({"acks": {str(number): known and self.asked > 1 for number in wanted}})


def read_events(body: bytes) -> list[dict[str, Any]]:
    """Split objects that stand one after the other, as the collector does."""
    return list(orjson.loads(b"[" + body.replace(b"}{", b"},{") + b"]"))


async def start(made: FakeSplunk) -> web.AppRunner:
    """Serve on a free loopback port."""
    app = web.Application(client_max_size=50_000_000)
    app.router.add_post("/services/collector/event", made.take)
    app.router.add_post("/services/collector/ack", made.acknowledge)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    return runner
