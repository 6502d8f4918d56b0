"""The contract's golden path, by API, on both profiles in one run."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from audit.database import create_log_engine
from audit.reader import LogReader
from tests.journeys.golden import Walked, walk_golden_path
from tests.journeys.product import Stage, until
from tests.journeys.production import Parts, sign_in
from tests.real.browserless import claims
from tests.real.wire import ask

pytestmark = [pytest.mark.journey, pytest.mark.real, pytest.mark.timeout(600)]

SHIPPED_SECONDS = 10.0


def test_embedded(embedded: Stage, tmp_path: Path) -> None:
    walk_golden_path(embedded, tmp_path)


def test_production(production: Stage, parts: Parts, tmp_path: Path) -> None:
    walked = walk_golden_path(production, tmp_path)
    every_entry_reached_elasticsearch(production, parts)
    the_document_says_what_happened(production, parts, walked)


def test_access_tokens_carry_what_decisions_read(production: Stage) -> None:
    said = claims(production.token("owner", step_up=True))
    assert (said["aud"], said["acr"], said["typ"]) == ("guildhall", "gold", "Bearer")
    assert said["iat"] - said["auth_time"] < 60


def test_a_session_opens_pages_and_no_api(production: Stage, parts: Parts) -> None:
    browser = sign_in(production.product, parts.keycloak, "member1")
    assert browser.get(f"{production.product.url}/api/v1/me").status == 401
    assert browser.get(f"{production.product.gateway_url}/v2/models/risk.credit-default").status == 401


def every_entry_reached_elasticsearch(stage: Stage, parts: Parts) -> None:
    def shipped() -> bool:
        return count(stage, parts) == log_size(parts) > 0

    until(shipped, seconds=SHIPPED_SECONDS, what="Elasticsearch holds as many entries as the log")


def the_document_says_what_happened(stage: Stage, parts: Parts, walked: Walked) -> None:
    (call,) = documents(stage, parts, {"event.id": walked.called})
    assert (call["event"]["action"], call["guildhall"]["outcome"]) == ("model.invoke", "success")
    assert (call["guildhall"]["grant"], call["guildhall"]["request"]) == (walked.grant, walked.request)
    (denied,) = documents(stage, parts, {"event.id": walked.denied})
    assert denied["guildhall"]["outcome"] == "denied"


def count(stage: Stage, parts: Parts) -> int:
    body = {"query": {"term": {"guildhall.log": stage.product.settings["GUILDHALL_AUDIT__ORIGIN"]}}}
    url = f"{parts.elasticsearch.url}/guildhall-audit-v1-*"
    ask("POST", f"{url}/_refresh")
    found: int = ask("POST", f"{url}/_count", body)[1]["count"]
    return found


def documents(stage: Stage, parts: Parts, terms: dict[str, str]) -> list[dict[str, dict[str, object]]]:
    own = {"guildhall.log": stage.product.settings["GUILDHALL_AUDIT__ORIGIN"]}
    wanted = [{"term": {name: value}} for name, value in (terms | own).items()]
    body = {"query": {"bool": {"filter": wanted}}}
    _, found = ask("POST", f"{parts.elasticsearch.url}/guildhall-audit-v1-*/_search", body)
    return [hit["_source"] for hit in found["hits"]["hits"]]


def log_size(parts: Parts) -> int:
    async def size() -> int:
        engine = create_log_engine(parts.database)
        try:
            return await LogReader(engine).size()
        finally:
            await engine.dispose()

    return asyncio.run(size())
