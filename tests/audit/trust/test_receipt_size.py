"""A receipt is short: the log's Ed25519 line and a witness's, no ML-DSA-44 line of 3.3 kB."""

import json

import pytest

from audit.checkpoints.note import ML_DSA_44_COSIGNATURE
from audit.tree.proof import Proof, format_proof
from tests.audit.trust.notes import a_checkpoint, cosigned, log_key, signed, witness_key

ORIGIN = "guildhall.example.com/log"
ID = "01998c1e-7b1a-7c3e-9d55-0123456789ab"
# What a call leaves in its head, every field that a call can have.
CALL = {
    "action": "model.invoke",
    "actor": ID,
    "body": "0" * 64,
    "decision": ID,
    "grant": ID,
    "id": ID,
    "number": 1_000_000,
    "outcome": "success",
    "policy": "0" * 64,
    "producer": "gateway-1",
    "resource": {"id": ID, "type": "route"},
    "retention": "invoke",
    "time": "2026-01-31T23:59:59.000000Z",
    "v": 1,
}


def receipt(*cosigners: object) -> bytes:
    note = signed(a_checkpoint(1_000_000, origin=ORIGIN), log_key(1, ORIGIN))
    for one in cosigners:
        note = cosigned(note, one)  # type: ignore[arg-type]
    entry = json.dumps(CALL, separators=(",", ":")).encode()
    return format_proof(Proof(5, (bytes(32),) * 20, note, extra=entry))


@pytest.mark.parametrize("witnesses", [0, 1])
def test_a_calls_receipt_from_a_million_entries_is_under_2_kb(witnesses: int) -> None:
    assert len(receipt(*(witness_key(number) for number in range(1, witnesses + 1)))) < 2_048


def test_an_ml_dsa_line_could_not_fit() -> None:
    assert len(receipt(witness_key(1, ML_DSA_44_COSIGNATURE))) > 5_000
