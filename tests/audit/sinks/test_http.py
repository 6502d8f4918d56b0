import contextlib

import pytest
from aiohttp import web

from audit.sinks.http import HttpClient, UnreachedError


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/hook",
        "http://localhost:1/hook",
        "http://[::1]:1/hook",
        "http://10.0.0.1/hook",
        "http://192.168.1.1/hook",
        "http://169.254.169.254/latest",
        "http://[fd00::1]/hook",
        "http://[::ffff:127.0.0.1]/hook",
        "http://0.0.0.0/hook",
    ],
)
async def test_a_private_address_is_refused_before_anything_is_sent(url: str) -> None:
    client = HttpClient(url)
    with pytest.raises(UnreachedError, match="private network that is not allowed"):
        await client.post("", {}, b"")
    await client.close()


async def test_a_private_network_can_be_allowed_by_name() -> None:
    client = HttpClient("http://127.0.0.1:1", networks=["127.0.0.0/8"])
    with pytest.raises(UnreachedError, match="cannot be reached"):
        await client.post("", {}, b"")
    await client.close()


async def test_a_name_that_means_nothing_is_a_sentence() -> None:
    client = HttpClient("http://nowhere.invalid")
    with pytest.raises(UnreachedError, match=r"The name nowhere\.invalid cannot be resolved"):
        await client.post("", {}, b"")
    await client.close()


async def test_a_redirect_is_an_answer_and_never_followed() -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(f"{request.path} {request.headers['host']}")
        return web.Response(status=307, headers={"location": "/elsewhere"})

    app = web.Application()
    app.router.add_post("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    client = HttpClient(f"http://localhost:{port}/base/", networks=["127.0.0.0/8", "::1/128"])
    assert (await client.post("/hook", {}, b"x")).status == 307
    assert asked == [f"/base/hook localhost:{port}"]
    await client.close()
    await runner.cleanup()


async def test_an_answer_without_end_is_given_up() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await response.write(bytes(65_536))
        return response

    app = web.Application()
    app.router.add_post("/hook", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    client = HttpClient(f"http://127.0.0.1:{runner.addresses[0][1]}", networks=["127.0.0.0/8"])
    with pytest.raises(UnreachedError, match="more than 1,048,576 bytes"):
        await client.post("/hook", {}, b"")
    await client.close()
    await runner.cleanup()
