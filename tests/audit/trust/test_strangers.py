"""What we cosign and publish is read by programs on other libraries, and they drive our witness."""

import asyncio
from pathlib import Path

import pytest

from audit.checkpoints.checkpoint import FileSigner
from audit.checkpoints.note import parse_any_vkey
from audit.checkpoints.policy_file import format_policy
from audit.checkpoints.signing import Checkpointer, LogKeys
from audit.checkpoints.trust import Group, LogKey, Trust
from audit.reader import LogReader
from tests.audit.log_store import ORIGIN, START, Store, pending
from tests.audit.trust.notes import NOW, a_checkpoint, cosigned, log_key, quantum_key, signed, witness_key
from tests.audit.trust.witnessing import run_witness
from tests.real.strangers import Auditor, Witnessed

pytestmark = pytest.mark.real


async def test_the_newest_checkpoint_is_cosigned_with_ml_dsa(
    store: Store, tmp_path: Path, go_witnessed: Witnessed
) -> None:
    log, cosigner = await store.begin(), quantum_key(9, ORIGIN)
    await log.append(pending(4))
    await Checkpointer(store.engine, log, LogKeys(store.signer, cosigner)).sign(START)
    found = await LogReader(store.engine).latest_checkpoint()
    assert found is not None
    path = tmp_path / "checkpoint"
    path.write_text(found.note)
    said = go_witnessed.says("line", cosigner.vkey, path)
    assert said == (0, f"ok: {ORIGIN} cosigned 5 entries at {START // 1_000_000}\n")
    path.write_text(found.note.replace("\n5\n", "\n6\n"))
    assert go_witnessed.says("line", cosigner.vkey, path)[0] == 1
    path.write_text(found.note)
    assert go_witnessed.says("line", quantum_key(8, ORIGIN).vkey, path)[0] == 1


def test_a_witnesses_line_is_read_and_a_forged_one_is_not(tmp_path: Path, go_witnessed: Witnessed) -> None:
    ours, path = witness_key(1), tmp_path / "checkpoint"
    path.write_bytes(cosigned(signed(a_checkpoint(), log_key(1)), ours))
    assert go_witnessed.says("line", ours.vkey, path) == (
        0,
        f"ok: witness.example/w1 cosigned 5 entries at {NOW}\n",
    )
    assert go_witnessed.says("line", witness_key(2).vkey, path)[0] == 1


async def test_a_log_of_their_own_drives_our_witness(tmp_path: Path, go_witnessed: Witnessed) -> None:
    keys = []
    for name in ("right", "wrong"):
        FileSigner.load_or_create(tmp_path / name, ORIGIN)
        keys.append((tmp_path / name).read_text().strip())
    vkey = FileSigner.load_or_create(tmp_path / "right", ORIGIN).vkey
    async with run_witness(tmp_path, 1, {ORIGIN: Trust.of_keys([vkey])}) as witness:
        words = ("drive", witness.url, witness.key.vkey, *keys)
        assert await asyncio.to_thread(go_witnessed.says, *words) == (0, "ok: 8 answers are the protocol's\n")


def test_our_policy_file_is_theirs(tmp_path: Path, go_auditor: Auditor) -> None:
    witnesses = {f"w{number}": parse_any_vkey(witness_key(number).vkey) for number in (1, 2, 3)}
    logs = (LogKey(parse_any_vkey(log_key(1).vkey), 0, 4), LogKey(parse_any_vkey(log_key(2).vkey), 5))
    trust = Trust(logs, witnesses, {"two": Group(2, tuple(witnesses))}, "two")
    policy, path = tmp_path / "policy", tmp_path / "checkpoint"
    # Their reader asks for the address that ours need not have.
    lines = format_policy(trust).splitlines()
    policy.write_text(
        "\n".join(f"{line} https://w.example/" if line.startswith("witness") else line for line in lines)
    )
    note = signed(a_checkpoint(), log_key(2))
    for cosigners, code in (((1, 3), 0), ((1, 2, 3), 0), ((2,), 1), ((), 1), ((1, 4), 1)):
        path.write_bytes(cosigned(note, *(witness_key(number) for number in cosigners)))
        assert go_auditor.says("policy", path, policy)[0] == code
