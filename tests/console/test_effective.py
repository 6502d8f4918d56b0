from pathlib import Path

from pydantic import SecretStr

from audit import canonical
from console.effective import plain
from console.settings import load_settings


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
