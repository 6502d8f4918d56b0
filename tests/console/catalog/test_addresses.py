import socket
from pathlib import Path
from typing import Any

import pytest

from console.catalog.addresses import check_address
from console.errors import InvalidInputError
from console.settings import Settings, load_settings


def settings_of(tmp_path: Path, **given: Any) -> Settings:
    return load_settings(data=tmp_path / "var", **given)


async def refusal(url: str, settings: Settings) -> str:
    with pytest.raises(InvalidInputError) as error:
        await check_address(url, settings)
    assert set(error.value.fields) == {"url"}
    return error.value.reasons[0]


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("http://127.0.0.1:9000/", "http://127.0.0.1:9000"),
        ("HTTP://LocalHost:9000/serving/", "http://localhost:9000/serving"),
        ("https://127.3.2.1", "https://127.3.2.1:443"),
        ("http://[::1]:9000", "http://[::1]:9000"),
    ],
)
async def test_an_address_inside_is_kept_plain(url: str, kept: str, tmp_path: Path) -> None:
    assert (await check_address(url, settings_of(tmp_path))).url == kept


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1:9000",
        "http://169.254.169.254/latest",
        "http://0.0.0.0:9000",
        "http://[::]:9000",
        "http://[::ffff:10.0.0.1]:9000",
        "http://[::ffff:127.0.0.1]:9000",
        "http://[fe80::1]:9000",
        "http://2130706433:9000",
        "http://0x7f000001:9000",
        "http://0x7f.1:9000",
        "http://0177.0.0.1:9000",
        "http://127.1:9000",
        "http://example.com",
        "http://localhost.example.com:9000",
        "http://127.0.0.1.nip.io:9000",
        "http://localtest.me:9000",
    ],
)
async def test_an_address_outside_is_refused_in_whatever_form(url: str, tmp_path: Path) -> None:
    assert await refusal(url, settings_of(tmp_path)) == "outside_networks"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:9000",
        "ftp://127.0.0.1:9000",
        "file:///etc/passwd",
        "http://",
        "http://:9000",
        "http://127.0.0.1:0",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:port",
        "http://[::1",
        "http://localhost.:9000",
        "http://[::1%25lo]:9000",
        "http://user:word@127.0.0.1:9000",
        "http://@127.0.0.1:9000",
        "http://127.0.0.1:9000@example.com",
        "http://127.0.0.1:9000\\@example.com",
        "http://127.0.0.1:9000?x=1",
        "http://127.0.0.1:9000?",
        "http://127.0.0.1:9000#x",
        "http://127.0.0.1:9000/../x",
        "http://127.0.0.1:9000/a/..",
        "http://127.0.0.1:9000//x",
        "http://127.0.0.1:9000/%2e%2e/x",
        "http://127.0.0.1:9000/\n",
        "http://127.0.0.1:9000/ x",
        "http://\uff11\uff12\uff17.0.0.1:9000",
        "http://127\u30020\u30020\u30021:9000",
        "http://127.0.0.1:9000/\0",
    ],
)
async def test_what_is_no_plain_address_is_refused(url: str, tmp_path: Path) -> None:
    assert await refusal(url, settings_of(tmp_path)) == "invalid_url"


async def test_a_name_is_reached_only_when_it_is_listed(tmp_path: Path) -> None:
    listed = settings_of(tmp_path, gateway={"networks": ("127.0.0.0/8", "Models.Invalid")})
    address = await check_address("http://models.invalid:9000", listed)
    assert address.url == "http://models.invalid:9000"
    assert await refusal("http://x.models.invalid:9000", listed) == "outside_networks"


def used(tmp_path: Path) -> Settings:
    """Settings with every service there is, all inside the networks."""
    return settings_of(
        tmp_path,
        server={"port": 8411, "public_url": "http://127.0.0.9:8410"},
        database={
            "url": "postgresql+asyncpg://me:p%40ss@127.0.0.1/guildhall",
            "log_url": "postgresql+asyncpg://me:word@localhost:5544/log",
        },
        policy={"engine": "opa", "opa_url": "http://localhost:8181"},
        audit={"elasticsearch": {"url": "http://[::1]:9200"}},
        sign_in={"issuers": [{"url": "http://127.0.0.1:8080/realms/guildhall"}]},
        gateway={"networks": ("0.0.0.0/0", "::/0", "us.invalid", socket.gethostname())},
    )


@pytest.mark.parametrize("port", [8411, 8410, 5432, 5544, 8181, 9200, 8080])
@pytest.mark.parametrize("host", ["127.0.0.1", "127.99.0.1", "localhost", "[::1]", "0.0.0.0", "[::]"])  # noqa: S104 - refused
async def test_our_own_ports_and_our_services_are_never_clusters(
    port: int, host: str, tmp_path: Path
) -> None:
    assert await refusal(f"http://{host}:{port}", used(tmp_path)) == "own_service"


async def test_another_port_or_another_machine_may_be_a_cluster(tmp_path: Path) -> None:
    for url in ("http://127.0.0.1:9000", "http://192.0.2.7:8181"):
        assert (await check_address(url, used(tmp_path))).url == url


async def test_a_socket_that_led_to_us_after_all_is_noticed(tmp_path: Path) -> None:
    address = await check_address("http://us.invalid:8181", used(tmp_path))
    for peer in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        assert address.reaches_us((peer, 8181))
        assert not address.reaches_us((peer, 9000))
    assert not address.reaches_us(("192.0.2.7", 8181))
