"""The composition root: keys are whole and private, and no secret is in what is printed of it."""

from pathlib import Path

import pytest

from audit.errors import KeyFileError
from console.services import build
from console.settings import load_settings
from policy.opa import OpaDecider

KEYS = ["subject.kek", "csrf.key"]


async def test_each_installation_makes_keys_of_its_own_and_keeps_them(tmp_path: Path) -> None:
    settings = load_settings(data=tmp_path / "var")
    elsewhere = load_settings(data=tmp_path / "other")
    first = build(settings)
    await first.close()
    again = build(settings)
    await again.close()
    other = build(elsewhere)
    await other.close()
    assert first.csrf_key == again.csrf_key != other.csrf_key
    assert (
        len({(one.data / "keys" / name).read_bytes() for one in (settings, elsewhere) for name in KEYS}) == 4
    )
    for name in KEYS:
        assert (settings.data / "keys" / name).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("content", [b"", b"short"])
async def test_a_key_that_is_not_whole_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    settings = load_settings(data=tmp_path / "var")
    await build(settings).close()
    (settings.data / "keys" / name).write_bytes(content)
    with pytest.raises(KeyFileError, match=name):
        build(settings)


@pytest.mark.parametrize("name", KEYS)
async def test_a_key_that_others_may_read_is_refused(tmp_path: Path, name: str) -> None:
    settings = load_settings(data=tmp_path / "var")
    await build(settings).close()
    (settings.data / "keys" / name).chmod(0o640)
    with pytest.raises(KeyFileError, match=name):
        build(settings)


async def test_the_settings_choose_the_engine(tmp_path: Path) -> None:
    opa = {"engine": "opa", "opa_url": "http://127.0.0.1:1"}
    services = build(load_settings(data=tmp_path / "var", policy=opa))
    assert isinstance(services.decider, OpaDecider)
    await services.close()
    await services.close()
