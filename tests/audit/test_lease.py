import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from audit.lease import AdvisoryLease, FileLease, LeaseTakenError, choose_lease
from tests.audit.log_store import Store

CHILD = """
import asyncio, sys
from pathlib import Path
from audit.lease import FileLease
asyncio.run(FileLease(Path(sys.argv[1])).take())
print("held", flush=True)
sys.stdin.read()
"""


async def test_one_holder_until_it_gives_back(tmp_path: Path) -> None:
    first, second = FileLease(tmp_path / "lease"), FileLease(tmp_path / "lease")
    await first.take()
    with pytest.raises(LeaseTakenError):
        await second.take()
    await first.release()
    await second.take()
    await second.release()
    await second.release()


def test_the_kernel_frees_the_lease_of_a_killed_worker(tmp_path: Path) -> None:
    path = tmp_path / "lease"
    words = [sys.executable, "-c", CHILD, str(path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        with pytest.raises(LeaseTakenError):
            asyncio.run(FileLease(path).take())
        child.kill()
    lease = FileLease(path)
    asyncio.run(lease.take())
    asyncio.run(lease.release())


async def test_sqlite_is_leased_by_a_file(store: Store) -> None:
    lease = choose_lease(store.engine, store.folder / "lease")
    assert isinstance(lease, FileLease)
    assert not isinstance(lease, AdvisoryLease)
