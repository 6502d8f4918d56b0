import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.real import cache


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GUILDHALL_CACHE", str(tmp_path / "cache"))
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o001)
    return tmp_path / "cache"


def packed_zip(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        program = zipfile.ZipInfo("server-1/bin/run")
        program.external_attr = 0o700 << 16
        archive.writestr(program, "#!/bin/sh\n")
    return path


def packed_tar(path: Path) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        program = tarfile.TarInfo("server-1/bin/run")
        program.mode, program.size = 0o700, 10
        archive.addfile(program, io.BytesIO(b"#!/bin/sh\n"))
    return path


@pytest.mark.parametrize(("name", "pack"), [("a.zip", packed_zip), ("a.tar.gz", packed_tar)])
def test_an_archive_is_unpacked_once_for_everybody(tmp_path: Path, name: str, pack: object) -> None:
    assert callable(pack)
    archive = pack(tmp_path / name)
    folder = cache.keep("server-1", cache.unpack(archive))
    program = folder / "bin" / "run"
    assert program.stat().st_mode & 0o777 == 0o744
    assert (folder / "bin").stat().st_mode & 0o555 == 0o555
    archive.unlink()
    assert cache.keep("server-1", cache.unpack(archive)) == folder


def test_a_failed_filling_leaves_nothing_behind(own_cache: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise cache.MissingPartError("broken off")

    with pytest.raises(cache.MissingPartError):
        cache.keep("server-2", fail)
    assert [path.name for path in own_cache.iterdir() if path.is_dir()] == []


def test_a_missing_tool_and_a_failing_one_are_named(own_cache: Path) -> None:
    with pytest.raises(cache.MissingPartError, match="Maven is missing: install it so that `no-such-mvn`"):
        cache.tool("no-such-mvn", "Maven")
    with pytest.raises(cache.MissingPartError, match=r"fetching it failed with 3: see .*sh\.log"):
        cache.run("fetching it", ["sh", "-c", "exit 3"])
