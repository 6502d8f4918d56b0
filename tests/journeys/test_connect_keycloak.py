"""docs/how-to/connect-keycloak.md at a real Keycloak, to the letter, by somebody with nothing else."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from console.demo.environment import checkout
from sso.keycloak.setup.steps import find_client
from tests.console.directory.realm import Realm
from tests.journeys.product import Product
from tests.real.browserless import Browser, exchange, sign_in, walk_login
from tests.real.keycloak_server import KeycloakServer
from tests.real.server import free_port

pytestmark = [pytest.mark.journey, pytest.mark.real]

PAGE: Final = (checkout() / "docs" / "how-to" / "connect-keycloak.md").read_text("utf-8")
TEN_MINUTES: Final = 600
FIRST: Final = "ada"


def block(language: str, number: int = 0) -> str:
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return found[number]


@dataclass
class Administrator:
    """Somebody with the page open: their names are put in the place of the page's."""

    product: Product
    realm: Realm
    names: dict[str, str]

    def read(self, text: str) -> str:
        for theirs, mine in self.names.items():
            text = text.replace(theirs, mine)
        return text

    def types(self, line: str, *more: str) -> tuple[int, str]:
        """Run a line of the page, and return its exit code and all it said."""
        command, *arguments = shlex.split(self.read(line))
        assert command == "guildhall"
        done = self.product.cli(*arguments, *more)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def administrator(keycloak: KeycloakServer, tmp_path: Path) -> Iterator[Administrator]:
    port = free_port()
    url, secrets = f"http://127.0.0.1:{port}", tmp_path / "secrets"
    realm = Realm(keycloak, f"company-{port}", secrets, url)
    settings = {
        "GUILDHALL_PROFILE": "production",
        "GUILDHALL_AUDIT__ORIGIN": f"journey.example/connected/{port}",
        "GUILDHALL_SERVER__PORT": str(port),
        "GUILDHALL_DATA": str(tmp_path / "data"),
        "KEYCLOAK_ADMIN_PASSWORD": keycloak.admin_password,
    }
    names = {
        "https://id.example.com": keycloak.url,
        "https://guildhall.example.com": url,
        "/etc/guildhall": str(secrets),
        "--realm company": f"--realm {realm.name}",
        '"company"': f'"{realm.name}"',
        "/realms/company": f"/realms/{realm.name}",
        "--admin-user admin": f"--admin-user {keycloak.admin_name}",
        "--keycloak-admin admin": f"--keycloak-admin {keycloak.admin_name}",
    }
    (tmp_path / "data").mkdir()
    product = Product(tmp_path / "data", url, url, settings)
    yield Administrator(product, realm, names)
    product.close()


def test_an_existing_keycloak_is_connected_from_the_page_alone(administrator: Administrator) -> None:
    began = time.monotonic()
    make_what_the_console_needs(administrator)
    subject = asyncio.run(administrator.realm.person(FIRST))
    write_the_settings(administrator)
    make_the_first_admin(administrator, subject)
    see_who_comes(administrator)
    assert time.monotonic() - began < TEN_MINUTES
    name_each_wrong_setting(administrator)


def make_what_the_console_needs(administrator: Administrator) -> None:
    dry = block("sh", 0).replace("\\\n", " ")
    code, said = administrator.types(dry)
    assert (code, "guildhall-directory" in said) == (1, True), said
    code, said = administrator.types(dry.replace("--dry-run", ""))
    assert code == 0, said
    assert administrator.types(dry) == (0, "")


def write_the_settings(administrator: Administrator) -> None:
    product = administrator.product
    (product.data / "guildhall.toml").write_text(administrator.read(block("toml")), "utf-8")
    lines = dict(line.split("=", 1) for line in administrator.read(block("sh", 1)).splitlines())
    product.settings = {**product.settings, **lines}


def make_the_first_admin(administrator: Administrator, subject: str) -> None:
    upgrade, bootstrap, serve = block("sh", 3).splitlines()
    for line in (upgrade, bootstrap.replace("--subject ID", f"--subject {subject}")):
        code, said = administrator.types(line)
        assert code == 0, said
    product = administrator.product
    product.start("all", *shlex.split(serve)[1:])
    product.wait("all", product.url)
    callback, browser = f"{product.url}/sign-in/callback", Browser()
    start = f"{product.url}/sign-in?next_path=/people"
    landed = walk_login(start, FIRST, administrator.realm.people[FIRST], until=callback, browser=browser)
    assert browser.get(landed).headers.get("location") == "/people"


def see_who_comes(administrator: Administrator) -> None:
    realm, product = administrator.realm, administrator.product
    asyncio.run(realm.person("grace"))
    redirect = realm.place.redirect
    token = exchange(realm, sign_in(realm, FIRST, redirect_uri=redirect), redirect)["access_token"]
    product.settings = {**product.settings, "GUILDHALL_URL": product.url, "GUILDHALL_TOKEN": token}
    for line in ("guildhall directory sync --dry-run", "guildhall directory sync"):
        assert line.removeprefix("guildhall ").removesuffix(" --dry-run") in PAGE
        code, said = administrator.types(line)
        assert code == 0, said
    found = product.ask("GET", "/api/v1/people?q=grace", token=token)
    assert [one["handle"] for one in found.json["items"]] == ["grace"]
    assert "guildhall doctor --keycloak-admin admin" in PAGE
    _, findings = doctor(administrator)
    about = [one for one in findings if str(one["name"]).startswith(LOOKED_AT)]
    assert len(about) >= len(LOOKED_AT)
    assert [one for one in about if not one["ok"]] == []


LOOKED_AT: Final = ("issuer", "redirect", "secret", "clock", "directory")
"""What the page is about; what else a bare installation lacks is another's."""


def doctor(administrator: Administrator, **own: str) -> tuple[int, list[dict[str, object]]]:
    product = administrator.product
    kept = product.settings
    product.settings = {**kept, **own}
    code, said = administrator.types("guildhall doctor --keycloak-admin admin", "--json")
    product.settings = kept
    return code, json.loads(said[said.index("[") : said.rindex("]") + 1])


def name_each_wrong_setting(administrator: Administrator) -> None:
    secrets = administrator.realm.secrets
    (issuer,) = json.loads((secrets / "issuers.json").read_text("utf-8"))
    wrong = {
        "issuer": {"url": f"{issuer['url']}-elsewhere"},
        "secret": {"client_secret": "another"},
    }
    for name, changed in wrong.items():
        path = secrets / f"{name}.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps([{**issuer, **changed}]), "utf-8")
        own = {
            "GUILDHALL_SIGN_IN__ISSUERS_FILE": str(path),
            "GUILDHALL_DIRECTORY__ISSUER": changed.get("url", issuer["url"]),
        }
        assert is_named(administrator, name, **own), name
    assert is_named(administrator, "redirect", GUILDHALL_SERVER__PORT=str(free_port()))
    asyncio.run(lose_a_mapper(administrator.realm))
    assert is_named(administrator, "directory setup", "mapper")


def is_named(administrator: Administrator, name: str, word: str = "", **own: str) -> bool:
    code, findings = doctor(administrator, **own)
    named = [one for one in findings if not one["ok"] and str(one["name"]).startswith(name)]
    return code != 0 and any(word in str(one["sentence"]) and one["mend"] for one in named)


async def lose_a_mapper(realm: Realm) -> None:
    async with realm.admin() as admin:
        client = await find_client(admin, "guildhall")
        assert client is not None
        (mapper,) = [one for one in client["protocolMappers"] if one["name"] == "guildhall groups"]
        await admin.a_remove_client_mapper(client["id"], mapper["id"])
