"""A witness cosigns what only grew: asked by our client, over HTTP, as C2SP tlog-witness says."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from audit.checkpoints.checkpoint import Checkpoint
from audit.checkpoints.cosignature import verify_cosignature
from audit.checkpoints.note import parse_any_vkey, parse_signatures
from audit.checkpoints.trust import Trust
from audit.heads.port import KeeperError
from audit.tree import merkle
from audit.witness.client import Cosigned, Refused, WitnessClient
from audit.witness.memory import WitnessMemory
from audit.witness.wire import format_request
from tests.audit.trust.notes import NOW, ORIGIN, log_key, signed, witness_key
from tests.audit.trust.witnessing import RunningWitness, run_witness

KEY = log_key(1)
LEAVES = [merkle.leaf_hash(b"%d" % number) for number in range(300)]
FORKED = [*LEAVES[:3], merkle.leaf_hash(b"other"), *LEAVES[4:]]


def note(size: int, leaves: list[bytes] = LEAVES, key: int = 1, origin: str = ORIGIN) -> str:
    tree = Checkpoint(origin, size, merkle.root(leaves[:size]))
    return signed(tree, log_key(key, origin)).decode()


def proof(old: int, size: int, leaves: list[bytes] = LEAVES) -> list[bytes]:
    return merkle.consistency_proof(leaves[:size], old) if 0 < old < size else []


@pytest.fixture
async def witness(tmp_path: Path) -> AsyncIterator[RunningWitness]:
    async with run_witness(tmp_path, 1, {ORIGIN: Trust.of_keys([KEY.vkey])}) as running:
        yield running


@pytest.fixture
async def client(witness: RunningWitness) -> AsyncIterator[WitnessClient]:
    opened = witness.client(ORIGIN, KEY.vkey)
    yield opened
    await opened.close()


async def test_a_growing_log_is_cosigned_each_time(witness: RunningWitness, client: WitnessClient) -> None:
    old = 0
    for size in (0, 1, 1, 5, 256, 257, 300):
        answer = await client.add_checkpoint(old, proof(old, size), note(size))
        assert isinstance(answer, Cosigned), (size, answer)
        (line,) = parse_signatures(answer.line)
        text = note(size).partition("\n\n")[0] + "\n"
        assert verify_cosignature(line, parse_any_vkey(witness.key.vkey), text) == answer.time == NOW
        old, cosigned = size, answer.line
    assert await client.read() == note(300) + cosigned


async def test_a_log_rolled_back_is_told_the_size_that_was_seen(client: WitnessClient) -> None:
    await client.add_checkpoint(0, [], note(5))
    assert await client.add_checkpoint(0, [], note(3)) == Refused(409, 5)
    assert await client.add_checkpoint(3, proof(3, 9), note(9)) == Refused(409, 5)
    assert await client.add_checkpoint(5, [], note(3)) == Refused(400)


async def test_a_fork_signed_with_the_stolen_key_is_refused(client: WitnessClient) -> None:
    await client.add_checkpoint(0, [], note(5))
    for size in (5, 9):
        forged = note(size, FORKED)
        assert await client.add_checkpoint(5, proof(5, size, FORKED), forged) == Refused(422)
        assert await client.add_checkpoint(5, proof(5, size), forged) == Refused(422)
    assert await client.add_checkpoint(5, [], note(9)) == Refused(422)
    assert await client.read() is not None
    assert isinstance(await client.add_checkpoint(5, proof(5, 9), note(9)), Cosigned)


async def test_a_split_view_of_one_size_is_refused(client: WitnessClient) -> None:
    await client.add_checkpoint(0, [], note(5))
    assert await client.add_checkpoint(5, [], note(5, FORKED)) == Refused(422)
    assert isinstance(await client.add_checkpoint(5, [], note(5)), Cosigned)


async def test_a_wrong_key_and_an_unknown_log_are_refused(client: WitnessClient) -> None:
    assert await client.add_checkpoint(0, [], note(5, key=2)) == Refused(403)
    broken = note(5).partition("\n\n")[0] + "\n\n" + note(6).partition("\n\n")[2]
    assert await client.add_checkpoint(0, [], broken) == Refused(403)
    assert await client.add_checkpoint(0, [], note(5, origin="log.example/b")) == Refused(404)
    assert await client.read() is None


async def test_an_empty_tree_has_one_root_and_no_proof(client: WitnessClient) -> None:
    empty = signed(Checkpoint(ORIGIN, 0, bytes(32)), KEY).decode()
    assert await client.add_checkpoint(0, [], empty) == Refused(422)
    assert await client.add_checkpoint(0, [bytes(32)], note(5)) == Refused(422)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"old 0\n", 400),
        (b"old 01\n\n" + note(1).encode(), 400),
        (b"old 0\nAAAA\n\n" + note(1).encode(), 400),
        (b"old 0\n\nnonsense", 400),
        (format_request(0, [bytes(32)] * 64, note(1)), 400),
        (b"old 0\n\n" + b"x" * 70_000, 413),
    ],
)
async def test_what_is_no_request_is_refused(witness: RunningWitness, body: bytes, status: int) -> None:
    client = witness.client(ORIGIN, KEY.vkey)
    reply = await client._http.post("/add-checkpoint", {}, body)
    assert reply.status == status
    for path in ("/", "/add-checkpoint", "/../checkpoint", f"/{'0' * 64}/checkpoint"):
        assert (await client._http.get(path)).status == 404
    await client.close()


async def test_a_witness_with_a_swapped_key_vouches_for_nothing(witness: RunningWitness) -> None:
    client = witness.client(ORIGIN, KEY.vkey, key=witness_key(2))
    with pytest.raises(KeeperError, match="without a signature of the key we know"):
        await client.add_checkpoint(0, [], note(5))
    with pytest.raises(KeeperError, match="did not cosign"):
        await client.read()
    await client.close()


async def test_a_witness_remembers_over_its_restart(tmp_path: Path) -> None:
    trusted = {ORIGIN: Trust.of_keys([KEY.vkey])}
    async with run_witness(tmp_path, 1, trusted) as first:
        client = first.client(ORIGIN, KEY.vkey)
        await client.add_checkpoint(0, [], note(5))
        await client.close()
    async with run_witness(tmp_path, 1, trusted) as second:
        client = second.client(ORIGIN, KEY.vkey)
        assert await client.add_checkpoint(0, [], note(3)) == Refused(409, 5)
        await client.close()


async def test_a_witness_follows_a_rotation_it_was_told_of(tmp_path: Path) -> None:
    trusted = {ORIGIN: Trust.of_keys([KEY.vkey, log_key(2).vkey])}
    async with run_witness(tmp_path, 1, trusted) as running:
        client = running.client(ORIGIN, KEY.vkey, log_key(2).vkey)
        assert isinstance(await client.add_checkpoint(0, [], note(5)), Cosigned)
        assert isinstance(await client.add_checkpoint(5, proof(5, 9), note(9, key=2)), Cosigned)
        assert await client.add_checkpoint(9, proof(9, 10), note(10, key=3)) == Refused(403)
        await client.close()


async def test_nobody_there_is_an_outage(tmp_path: Path) -> None:
    nobody = RunningWitness("http://127.0.0.1:9", witness_key(1), WitnessMemory(tmp_path / "none.db"))
    client = nobody.client(ORIGIN, KEY.vkey)
    for ask in (client.read(), client.add_checkpoint(0, [], note(1))):
        with pytest.raises(KeeperError, match=r"witness\.example/w1: .*reached"):
            await ask
    await client.close()


def test_what_was_not_answered_is_not_remembered(tmp_path: Path) -> None:
    memory = WitnessMemory(tmp_path / "witness.db")
    with memory.changing(ORIGIN) as held:
        assert held.note is None
        held.keep(note(5))
    with pytest.raises(ZeroDivisionError):
        die_after_keeping(memory, note(9))
    assert memory.read(ORIGIN) == note(5)


def die_after_keeping(memory: WitnessMemory, kept: str) -> None:
    with memory.changing(ORIGIN) as held:
        held.keep(kept)
        _ = 1 / 0
