"""The worker with all that may vouch for its log: a folder, a witness, an authority; and one that is away."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from audit.checkpoints.checkpoint import Checkpoint, FileSigner, sign_checkpoint, verify_checkpoint
from audit.checkpoints.last_signed import ForkRefusedError
from audit.checkpoints.note import parse_note
from audit.checkpoints.policy_file import parse_policy
from audit.checkpoints.rfc3161 import read_roots, verify_token
from audit.checkpoints.trust import Trust
from audit.heads.state import read_states
from audit.tree.proof import Proof, format_proof, verify
from console.clock import system_clock
from console.installation import migrate_all, stamp
from console.services import Services, build
from console.settings import Settings, load_settings
from console.vouching import read_vouchers
from console.worker import run_worker
from tests.audit.trust.tsa import run_authority
from tests.audit.trust.witnessing import run_witness
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow  # whole workers
ORIGIN = "localhost/guildhall/log"
LOOPBACK = ["127.0.0.0/8"]
Found = TypeVar("Found")


@contextlib.asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[Services]:
    """A worker that runs while the block does."""
    services, its, stop = build(settings), build(settings), asyncio.Event()
    await stamp(services)
    worker = asyncio.create_task(run_worker(its, stop))
    try:
        yield services
    finally:
        stop.set()
        await asyncio.wait([worker])
        await its.close()
        await services.close()
        worker.result()


async def until_found(look: Callable[[], Awaitable[Found | None]]) -> Found:
    """Return what is looked for, once it is there."""
    async with asyncio.timeout(PATIENCE):
        while not (found := await look()):  # noqa: ASYNC110 - another task makes it
            await asyncio.sleep(0.05)
    return found


async def troubles(services: Services) -> list[str]:
    return [one.trouble for one in await read_vouchers(services) if one.trouble]


async def a_note(folder: Path) -> Path | None:
    return next(folder.rglob("*.note"), None)  # noqa: ASYNC240 - nothing else waits for this loop


async def until(services: Services, is_so: Callable[[str], bool]) -> str:
    """Return the newest checkpoint once it is as asked."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await services.log.latest_checkpoint()
            if found is not None and is_so(found.note):
                return found.note
            await asyncio.sleep(0.05)


async def test_a_vouched_log_verifies_under_its_policy(tmp_path: Path) -> None:
    data, worm = tmp_path / "var", tmp_path / "worm"
    worm.mkdir()
    (data / "keys").mkdir(parents=True, mode=0o700)
    signer = FileSigner.load_or_create(data / "keys" / "log.key", ORIGIN)
    now = system_clock() // 1_000_000
    async with (
        run_witness(tmp_path, 1, {ORIGIN: Trust.of_keys([signer.vkey])}, now=now) as witness,
        run_authority(tmp_path / "tsa") as authority,
    ):
        settings = load_settings(
            data=data,
            audit={
                "heads": {"folder": worm, "every_seconds": 1},
                "witnesses": [{"url": witness.url, "vkey": witness.key.vkey, "networks": LOOPBACK}],
                "timestamp": {"url": authority.url, "ca_file": authority.root, "networks": LOOPBACK},
            },
        )
        await migrate_all(settings)
        async with working(settings) as services:
            note = await until(services, lambda found: "witness.example/w1" in found)
            policy = parse_policy((data / "keys" / "log.policy").read_text())
            assert len(policy.logs) == 2  # Ed25519 and ML-DSA-44
            assert policy.quorum == "quorum"
            checkpoint = policy.check(note.encode(), now=now + 60)
            await _check_receipt(services, policy, now)
            stamped = await until_found(services.log.timestamp)
            text = parse_note(stamped[0].note.encode()).text.encode()
            verify_token(stamped[1], text, read_roots(authority.root))
            await until_found(lambda: _all_vouch(services))
        kept = [path.read_bytes() for path in worm.rglob("*.note")]
        assert max(verify_checkpoint(one, signer.vkey).size for one in kept) >= checkpoint.size


async def _all_vouch(services: Services) -> bool:
    """Whether each who vouches is known to, without trouble: told after what was waited for so far."""
    states = {one.kind: one.trouble for one in await read_states(services.log.engine)}
    for loop in ("retention", "erasures"):
        states.pop(loop, None)  # no vouchers: these loops may have looked by now, or not
    return states == {"directory": None, "witness": None, "timestamp": None, "quorum": None}


async def _check_receipt(services: Services, policy: Trust, now: int) -> None:
    (first,) = await services.log.entries(range(1))
    signed = await services.log.receipt_checkpoint(0)
    assert signed is not None
    hashes = tuple(await services.log.inclusion(0, signed.size))
    receipt = format_proof(Proof(0, hashes, signed.note.encode(), extra=first.head))
    assert verify(receipt, policy, now=now + 60).entry == first.head
    assert len(receipt) < 2_048


async def test_nothing_is_signed_while_the_only_keeper_is_away_and_it_says_so(tmp_path: Path) -> None:
    worm = tmp_path / "worm"
    settings = load_settings(data=tmp_path / "var", audit={"heads": {"folder": worm, "every_seconds": 1}})
    await migrate_all(settings)
    async with working(settings) as services:
        await until_found(lambda: troubles(services))
        assert await services.log.size() >= 1
        assert await services.log.latest_checkpoint() is None
        worm.mkdir()
        await until(services, bool)


async def test_a_set_back_log_stops_the_worker(tmp_path: Path) -> None:
    worm = tmp_path / "worm"
    worm.mkdir()
    settings = load_settings(data=tmp_path / "var", audit={"heads": {"folder": worm, "every_seconds": 1}})
    await migrate_all(settings)
    async with working(settings) as services:
        await until(services, bool)
        note = await until_found(lambda: a_note(worm))
    signer = FileSigner.load_or_create(settings.data / "keys" / "log.key", ORIGIN)
    longer = sign_checkpoint(Checkpoint(ORIGIN, 900, bytes(32)), signer)
    note.with_name(f"{900:020d}.note").write_bytes(longer)
    with pytest.raises(ExceptionGroup) as caught:
        async with working(settings) as services:
            await until_found(lambda: troubles(services))
    assert caught.group_contains(ForkRefusedError, match="900 were signed")
