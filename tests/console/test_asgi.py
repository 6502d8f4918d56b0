"""The front door: which application answers, at which names, and what never gets in."""

from collections.abc import Iterable

import pytest

from console.asgi import Dispatcher, KnownHosts, Message, Mount, Receive, Scope, Send

ADDRESSES = ("http://127.0.0.1:8400", "http://localhost:8400", "http://[::1]:8400")


class Told:
    """An application that only says its name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": self.name.encode()})


async def ask(
    app: Dispatcher | KnownHosts, path: str = "/", hosts: Iterable[str] = (), kind: str = "http"
) -> list[Message]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"host", host.encode()) for host in hosts]
    await app({"type": kind, "path": path, "headers": headers, "method": "GET"}, receive, send)
    return sent


@pytest.mark.parametrize("host", ["127.0.0.1:8400", "localhost:8400", "[::1]:8400", "LOCALHOST:8400"])
async def test_this_machines_own_names_are_served(host: str) -> None:
    sent = await ask(KnownHosts(Told("console"), *ADDRESSES), hosts=[host])
    assert sent[0]["status"] == 200


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        [""],
        ["evil.example:8400"],
        ["127.0.0.1"],
        ["127.0.0.1:8401"],
        ["[::2]:8400"],
        ["::1:8400"],
        ["127.0.0.1:8400", "evil.example"],
        ["evil.example", "127.0.0.1:8400"],
        ["127.0.0.1:8400", "127.0.0.1:8400"],
        ["127.0.0.1:8400.evil.example"],
        ["user@127.0.0.1:8400"],
    ],
)
async def test_any_other_no_or_a_second_name_is_misdirected(hosts: list[str]) -> None:
    inner = Told("console")
    sent = await ask(KnownHosts(inner, *ADDRESSES), hosts=hosts)
    assert sent[0]["status"] == 421
    assert inner.scopes == []


async def test_the_port_may_be_left_out_where_the_scheme_implies_it() -> None:
    app = KnownHosts(Told("console"), "http://localhost:80", "https://127.0.0.1")
    for host in ("localhost", "localhost:80", "127.0.0.1"):
        assert (await ask(app, hosts=[host]))[0]["status"] == 200
    assert (await ask(app, hosts=["localhost:443"]))[0]["status"] == 421


async def test_no_web_socket_is_opened_by_a_foreign_name_or_ours() -> None:
    dispatcher = Dispatcher(Told("console"), {"v2": Mount(Told("gateway"), "its own table")}, ())
    assert await ask(KnownHosts(dispatcher, *ADDRESSES), "/v2", ["evil.example"], "websocket") == [
        {"type": "websocket.close"}
    ]
    assert await ask(dispatcher, "/v2", kind="websocket") == [{"type": "websocket.close"}]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", b"console"),
        ("/v2", b"gateway"),
        ("/v2/models/a.b/infer", b"gateway"),
        ("/v2x", b"console"),
        ("//v2/models", b"console"),
        ("/api/v2", b"console"),
        ("*", b"console"),
    ],
)
async def test_the_first_segment_chooses_the_application(path: str, name: bytes) -> None:
    dispatcher = Dispatcher(Told("console"), {"v2": Mount(Told("gateway"), "its own table")}, ())
    assert (await ask(dispatcher, path))[1]["body"] == name


async def test_parts_start_before_the_server_says_so_and_stop_in_reverse() -> None:
    order: list[str] = []

    class Part:
        def __init__(self, name: str) -> None:
            self.name = name

        async def start(self) -> None:
            order.append(f"start {self.name}")

        async def stop(self) -> None:
            order.append(f"stop {self.name}")

    async def served(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        order.append("served")
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> Message:
        return next(messages)

    async def send(message: Message) -> None:
        order.append(str(message["type"]))

    await Dispatcher(served, {}, (Part("a"), Part("b")))({"type": "lifespan"}, receive, send)
    assert order == [
        "start a",
        "start b",
        "served",
        "lifespan.startup.complete",
        "stop b",
        "stop a",
        "lifespan.shutdown.complete",
    ]
