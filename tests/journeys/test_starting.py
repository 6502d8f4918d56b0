"""What production refuses at its start, each in one sentence and with exit code 2."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.journeys.installed import installed
from tests.journeys.product import Product
from tests.real.keycloak_server import KeycloakServer

pytestmark = pytest.mark.journey

ISSUERS = "GUILDHALL_SIGN_IN__ISSUERS_FILE"


@pytest.fixture
def product(tmp_path: Path) -> Product:
    """A small production on SQLite that nobody has started; its provider does not run."""
    return installed(tmp_path, KeycloakServer(), {})


def refused(product: Product, *arguments: str) -> str:
    ran = product.cli(*arguments)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.count("\n") == 1 or arguments[0] == "dev", ran.stderr
    return ran.stderr


@pytest.mark.parametrize("role", ["all", "console", "gateway", "worker"])
def test_it_does_not_start_on_an_empty_database(product: Product, role: str) -> None:
    assert "guildhall db upgrade" in refused(product, "serve", "--role", role)


def test_it_does_not_start_under_the_other_profile(product: Product, tmp_path: Path) -> None:
    assert product.cli("db", "upgrade").returncode == 0
    other = Product(tmp_path, product.url, product.url, {"GUILDHALL_DATA": str(tmp_path)})
    (issuer,) = json.loads(Path(product.settings[ISSUERS]).read_text("utf-8"))
    stamped = product.cli("bootstrap", "--issuer", issuer["url"], "--subject", "somebody")
    assert stamped.returncode == 0, stamped.stderr
    assert "profile" in refused(other, "serve")


def test_it_knows_no_development_people(product: Product) -> None:
    assert "embedded profile only" in refused(product, "dev", "token", "admin")


def test_it_needs_an_identity_provider(product: Product) -> None:
    settings = {name: value for name, value in product.settings.items() if name != ISSUERS}
    bare = Product(product.data, product.url, product.url, settings)
    assert "sign_in.issuers is empty" in refused(bare, "serve")
