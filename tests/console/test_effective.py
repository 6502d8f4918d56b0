import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlmodel import select

from audit import canonical
from audit.body import open_part
from audit.models import Outbox, RowVersion
from audit.record import Record
from console.effective import plain, record_settings
from console.policies.activating import ACTIVE_ID
from console.services import Services
from console.settings import load_settings
from policy.models import ActivePolicy
from tests.console.policies.conftest import approve


def test_no_secret_is_in_the_recorded_settings(tmp_path: Path) -> None:
    settings = load_settings(data=tmp_path, database={"url": SecretStr("postgresql+asyncpg://a:s3cret@h/d")})
    recorded = canonical.encode(plain(settings))
    assert b"s3cret" not in recorded
    assert b"sha256:" in recorded


def test_two_secrets_have_two_fingerprints(tmp_path: Path) -> None:
    first, second = (
        plain(load_settings(data=tmp_path, database={"url": SecretStr(f"sqlite+aiosqlite:///{name}")}))
        for name in ("a", "b")
    )
    assert first != second


async def loads(services: Services) -> Sequence[dict[str, Any]]:
    """What each start told, oldest first: its parts by name, opened."""
    async with services.database.read() as session:
        rows = sorted(await session.exec(select(Outbox)), key=lambda row: row.event_id)
    found = []
    for record in (Record.from_bytes(row.record) for row in rows):
        assert record.head_fields["action"] == "settings.load"
        key = {part.name: await services.keys.find(part.subject) for part in record.parts}
        found.append({part.name: open_part(part, key[part.name]) for part in record.parts})
    return found


async def test_each_start_tells_its_settings_and_what_differs_from_the_last(services: Services) -> None:
    gateway = services.settings.gateway.model_copy(update={"body_limit_bytes": 2048})
    changed = replace(services, settings=services.settings.model_copy(update={"gateway": gateway}))
    await record_settings(services, "gateway")
    await record_settings(services, "gateway")
    await record_settings(services, "console")
    await record_settings(changed, "gateway")
    first, second, other, last = await loads(services)
    [whole] = first["change"]["rows"]
    assert whole["before"] is None
    assert whole["after"]["gateway.body_limit_bytes"] == 16 * 1024 * 1024
    assert whole["after"]["version"] == first["settings"]["version"]
    assert "change" not in second
    assert second["settings"] == first["settings"]
    assert other["change"]["rows"][0]["before"] is None
    [difference] = last["change"]["rows"]
    assert difference["before"] == {"gateway.body_limit_bytes": 16 * 1024 * 1024}
    assert difference["after"] == {"gateway.body_limit_bytes": 2048}
    assert last["settings"]["settings"]["gateway"]["body_limit_bytes"] == 2048


async def test_another_bundle_is_a_difference(services: Services) -> None:
    await record_settings(services, "worker")
    change = await approve(services, "f" * 64)
    row = ActivePolicy(id=ACTIVE_ID, revision="f" * 64, previous="0" * 64, change_id=change, activated=1)
    async with services.database.write() as session:
        session.add(row)
    await record_settings(services, "worker")
    _, last = await loads(services)
    assert last["change"]["rows"][0]["after"] == {"policy_revision": "f" * 64}


async def test_history_keeps_no_secret(services: Services) -> None:
    secret = SecretStr("postgresql+asyncpg://a:s3cret@h/d")
    database = services.settings.database.model_copy(update={"url": secret})
    told = replace(services, settings=services.settings.model_copy(update={"database": database}))
    await record_settings(told, "worker")
    async with services.database.read() as session:
        [row] = (await session.exec(select(RowVersion).where(RowVersion.kind == "settings"))).all()
    assert json.loads(row.row or "")["database.url"].startswith("sha256:")
    assert "s3cret" not in (row.row or "")
