"""The contract's golden path, by API, on both profiles in one run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.golden import Walked, walk_golden_path
from tests.journeys.installed import Parts
from tests.journeys.product import Stage, until
from tests.journeys.production import sign_in
from tests.journeys.records import all_shipped, documents, log_size
from tests.patience import PATIENCE
from tests.real.browserless import claims

pytestmark = [pytest.mark.journey, pytest.mark.real]


def test_embedded(embedded: Stage, tmp_path: Path) -> None:
    walk_golden_path(embedded, tmp_path)


def test_production(production: Stage, parts: Parts, tmp_path: Path) -> None:
    walked = walk_golden_path(production, tmp_path)
    assert all_shipped(production, parts, seconds=PATIENCE) > 0
    the_document_says_what_happened(production, parts, walked)


def test_small_production(small_production: Stage, tmp_path: Path) -> None:
    walk_golden_path(small_production, tmp_path)
    data = small_production.product.data
    lines = data / "siem" / "ecs.ndjson"

    def followed() -> bool:
        return len(lines.read_bytes().splitlines()) == log_size(f"sqlite+aiosqlite:///{data / 'log.db'}")

    until(followed, seconds=PATIENCE, what="the file holds as many lines as the log has entries")


def test_access_tokens_carry_what_decisions_read(production: Stage) -> None:
    said = claims(production.token("owner", step_up=True))
    assert (said["aud"], said["acr"], said["typ"]) == ("guildhall", "gold", "Bearer")
    assert said["iat"] - said["auth_time"] < 60


def test_a_session_opens_pages_and_no_api(production: Stage, parts: Parts) -> None:
    browser = sign_in(production.product, parts.keycloak, "member1")
    assert browser.get(f"{production.product.url}/api/v1/me").status == 401
    assert browser.get(f"{production.product.gateway_url}/v2/models/risk.credit-default").status == 401


def the_document_says_what_happened(stage: Stage, parts: Parts, walked: Walked) -> None:
    (call,) = documents(stage, parts, walked.called)
    assert (call["event"]["action"], call["guildhall"]["outcome"]) == ("model.invoke", "success")
    assert (call["guildhall"]["grant"], call["guildhall"]["request"]) == (walked.grant, walked.request)
    (denied,) = documents(stage, parts, walked.denied)
    assert denied["guildhall"]["outcome"] == "denied"
