"""What OPA servers may fetch and report, and what nobody else may."""

import gzip
import io
import json
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr
from sqlmodel import select

from console.policies.keys import signing_key, verifying_keys
from console.policies.reports import PACKED_BYTES
from console.policies.signing import sign_active
from console.services import Services
from policy.asked import mark
from policy.bundles import Bundle
from policy.models import PolicyEngine
from policy.signing import verify_bundle
from tests.console.one_app import console_on

TOKEN = "an-engine-token-of-32-characters-or-more"
AUTHORIZED = {"authorization": f"Bearer {TOKEN}"}
PACKED = {**AUTHORIZED, "content-encoding": "gzip"}
PATHS = (("GET", "bundles/guildhall.tar.gz"), ("POST", "status"), ("POST", "logs"))
LABELS = {"id": "opa-1", "version": "1.22.2"}


def with_token(services: Services, token: str | None = TOKEN) -> Services:
    given = {"engine_token": SecretStr(token) if token else None}
    policy = services.settings.policy.model_copy(update=given)
    return replace(services, settings=services.settings.model_copy(update={"policy": policy}))


async def ask(
    services: Services, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] = AUTHORIZED
) -> httpx2.Response:
    transport = httpx2.ASGITransport(app=console_on(services))  # type: ignore[arg-type]
    async with httpx2.AsyncClient(transport=transport, base_url=services.settings.base_url) as client:
        return await client.request(method, f"/api/v1/opa/{path}", content=body, headers=headers)


async def report(services: Services, path: str, document: Any) -> httpx2.Response:
    body = gzip.compress(json.dumps(document).encode())
    return await ask(services, "POST", path, body, PACKED)


async def kept(services: Services) -> list[PolicyEngine]:
    async with services.database.read() as session:
        return list((await session.exec(select(PolicyEngine))).all())


@pytest.mark.parametrize("given", ["", "Bearer other", f"Basic {TOKEN}", "Bearer"])
async def test_case_81_without_the_token_every_door_is_closed(services: Services, given: str) -> None:
    for method, path in PATHS:
        assert (
            await ask(with_token(services), method, path, b"{}", {"authorization": given})
        ).status_code == 401
    assert await kept(services) == []


async def test_case_81_where_no_token_is_set_nobody_comes_in(services: Services) -> None:
    for method, path in PATHS:
        answer = await ask(with_token(services, None), method, path, b"{}", {"authorization": "Bearer "})
        assert answer.status_code == 401


async def test_the_bundle_is_the_signed_one_and_not_sent_twice(services: Services) -> None:
    services, (_, path) = with_token(services), PATHS[0]
    assert (await ask(services, "GET", path)).status_code == 503
    await sign_active(services, signing_key(services.policies.keys))
    answer = await ask(services, "GET", path)
    assert answer.status_code == 200
    files = _unpack(answer.content)
    signature, manifest = files.pop(".signatures.json"), json.loads(files.pop(".manifest"))
    assert manifest["revision"] == services.policy_revision
    verify_bundle(Bundle(files, manifest["revision"]), signature, verifying_keys(services.policies.keys))
    again = await ask(services, "GET", path, b"", {**AUTHORIZED, "if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_status_is_kept_as_the_servers_last_word(services: Services) -> None:
    services = with_token(services)
    bundle = {"active_revision": "a" * 64, "code": "bundle_error", "message": "Bundle verification failed"}
    told = {"labels": LABELS, "bundles": {"guildhall": bundle}}
    assert (await report(services, "status", told)).status_code == 204
    (engine,) = await kept(services)
    assert (engine.id, engine.revision, engine.trouble) == ("opa-1", "a" * 64, "Bundle verification failed")
    told["bundles"] = {"guildhall": {"active_revision": "b" * 64}}
    await report(services, "status", told)
    (engine,) = await kept(services)
    assert (engine.revision, engine.trouble) == ("b" * 64, None)


async def test_case_81_decisions_that_nobody_asked_for_are_ignored(services: Services) -> None:
    services = with_token(services)
    ours = mark({"v": 1, "subject": {"id": "p"}}, services.asking_key)
    forged: list[object] = [
        {"v": 1, "subject": {"id": "p"}},
        mark({"v": 1}, b"0" * 32),
        {**ours, "subject": {"id": "another"}},
        {**ours, "asked": {"id": "another", "mac": "x"}},
        {**ours, "asked": "no"},
        {**ours, "extra": 1.5},
        "no document",
        None,
    ]
    entries = [{"labels": LABELS, "decision_id": "d", "input": given} for given in (ours, *forged)]
    assert (await report(services, "logs", entries)).status_code == 204
    (engine,) = await kept(services)
    assert (engine.decisions, engine.ignored) == (1, len(forged))


@pytest.mark.slow
async def test_case_81_what_unpacks_to_too_much_is_refused_without_unpacking_it(services: Services) -> None:
    services, bomb = with_token(services), _bomb()
    assert len(bomb) < PACKED_BYTES
    for path in ("logs", "status"):
        assert (await ask(services, "POST", path, bomb, PACKED)).status_code == 413
        large = b"[" + b" " * PACKED_BYTES + b"]"
        assert (await ask(services, "POST", path, large)).status_code == 413
    assert await kept(services) == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"labels":{"id":""}}', b'"text"', b"[" * 5000])
async def test_what_is_no_report_is_refused(services: Services, body: bytes) -> None:
    services = with_token(services)
    for path in ("logs", "status"):
        assert (await ask(services, "POST", path, body)).status_code == 422
    cut = gzip.compress(b"[]")[:-4]
    assert (await ask(services, "POST", "logs", cut, PACKED)).status_code == 422


def _bomb() -> bytes:
    """A gibibyte of spaces, packed twice as small as a report may be."""
    packing = zlib.compressobj(9, zlib.DEFLATED, 31)
    megabyte = b" " * (1024 * 1024)
    packed = [packing.compress(megabyte) for _ in range(900)]
    return b"".join([*packed, packing.flush()])


def _unpack(packed: bytes) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        return {member.name: archive.extractfile(member).read().decode() for member in archive}  # type: ignore[union-attr]
