from pathlib import Path

import pytest

from audit.checkpoints.key_file import load_kek
from audit.errors import KeyFileError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "kek"


def test_the_key_encryption_key_is_made_once_for_its_owner_alone(path: Path) -> None:
    kek = load_kek(path)
    assert len(kek) == 32
    assert load_kek(path) == kek
    assert path.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in path.parent.iterdir()] == ["kek"]


def test_a_key_file_others_may_read_is_refused(path: Path) -> None:
    load_kek(path)
    path.chmod(0o640)
    with pytest.raises(KeyFileError, match="0600"):
        load_kek(path)


def test_a_damaged_key_file_is_refused(path: Path) -> None:
    load_kek(path)
    path.write_bytes(b"short")
    with pytest.raises(KeyFileError, match="32 bytes"):
        load_kek(path)
