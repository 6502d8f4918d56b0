"""The doctor names what is wrong and how to mend it, and never fails at the bedside."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from audit.database import create_log_engine
from audit.sinks.cursor import Position, State, write_position
from console import doctor
from console.doctor import Finding, examine
from console.settings import Settings, load_settings
from sso.keycloak.setup.wanted import Place

AWAY = "http://127.0.0.1:1"
UNHURRIED = {"deadline_milliseconds": 3000}
"""As long as settings allow: each doctor asks an evaluator that has only just begun."""


def by_name(findings: Sequence[Finding]) -> dict[str, Finding]:
    return {finding.name.split(" ")[0]: finding for finding in findings}


async def ill(settings: Settings, **given: Any) -> dict[str, Finding]:
    policy = {**UNHURRIED, **given.pop("policy", {})}
    found = by_name(await examine(load_settings(data=settings.data, policy=policy, **given)))
    return {name: finding for name, finding in found.items() if not finding.ok}


async def test_before_the_first_start_the_log_and_our_own_provider_are_missing(settings: Settings) -> None:
    found = await ill(settings)
    assert found.keys() == {"log", "issuer"}
    assert "has not begun" in found["log"].sentence
    assert "guildhall serve" in found["issuer"].mend


async def test_a_database_that_is_away_is_named_without_its_password(settings: Settings) -> None:
    url = "postgresql+asyncpg://someone:s3cret@127.0.0.1:1/guildhall"
    found = await ill(settings, database={"url": url})
    assert found.keys() >= {"database", "log", "migrations"}
    assert "database.url" in found["database"].mend
    assert "s3cret" not in "".join(finding.line() for finding in found.values())


async def test_an_opa_that_is_away_is_named(settings: Settings) -> None:
    found = await ill(settings, policy={"engine": "opa", "opa_url": AWAY})
    assert "policy.opa_url" in found["policy"].mend


async def test_an_issuer_and_an_elasticsearch_that_are_away_are_named(settings: Settings) -> None:
    given = {"sign_in": {"issuers": [{"url": f"{AWAY}/realms/x"}]}, "audit": {"elasticsearch": {"url": AWAY}}}
    found = await ill(settings, **given)
    assert "address" in found["issuer"].mend
    assert found["issuer"].sentence == "The identity provider does not answer."
    assert "ships when the sink answers" in found["elasticsearch"].mend


async def test_the_groups_mapper_is_looked_for_as_the_settings_say(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    places: list[Place] = []

    async def look(_directory: object, place: Place, *_login: str) -> list[object]:
        places.append(place)
        return []

    async def find_nothing(*_: object) -> list[object]:
        return []

    monkeypatch.setattr(doctor, "check_as_admin", look)
    monkeypatch.setattr(doctor, "check_directory", find_nothing)
    realm = {"server_url": AWAY, "realm": "staff", "client_secret": "hush"}
    directory = {**realm, "groups_claim": "teams", "full_paths": False}
    given = {"directory": directory, "sign_in": {"issuers": [{"url": f"{AWAY}/realms/staff"}]}}
    await examine(load_settings(data=settings.data, **given), ("admin", "password"))
    assert [(place.realm, place.groups_claim, place.full_paths) for place in places] == [
        ("staff", "teams", False)
    ]


async def test_a_follower_in_alarm_is_named_until_a_person_clears_it(settings: Settings) -> None:
    engine = create_log_engine(settings.log_url)
    sentence = "file holds something else than the log as entry 3."
    await write_position(engine, "file", Position(9, State.ALARM, sentence, alarm_at=9), 0)
    await engine.dispose()
    found = (await ill(settings))["file"]
    assert sentence in found.sentence
    assert found.mend == "Look into it, then `guildhall sink clear file`."


async def test_databases_that_are_behind_are_named(tmp_path: Path) -> None:
    found = by_name(await examine(load_settings(data=tmp_path / "var", policy=UNHURRIED)))
    assert found["migrations"].mend == "Run `guildhall db upgrade`."
    assert found["policy"].ok


async def test_a_folder_that_cannot_be_used_is_one_finding(tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.write_text("not a folder")
    (finding,) = await examine(load_settings(data=taken))
    assert not finding.ok
    assert "setting data" in finding.mend


async def test_a_key_others_may_read_is_one_finding(settings: Settings) -> None:
    await examine(settings)
    (settings.data / "keys" / "csrf.key").chmod(0o644)
    (finding,) = await examine(settings)
    assert "csrf.key" in finding.sentence


@pytest.mark.parametrize(("ok", "mark"), [(True, "ok  "), (False, "BAD ")])
def test_a_finding_is_a_line_for_people_and_a_document_for_programs(ok: bool, mark: str) -> None:
    finding = Finding("policy", ok, "It answers.", "Do this.")
    assert finding.line() == f"{mark} policy: It answers. Do this."
    assert finding.document() == {"name": "policy", "ok": ok, "sentence": "It answers.", "mend": "Do this."}
