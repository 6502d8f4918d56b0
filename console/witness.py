"""Runs a witness of other logs: its keys and its memory in one folder, nothing else of the product."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import uvicorn

from audit.checkpoints.cosignature import FileCosigner
from audit.checkpoints.note import ED25519_COSIGNATURE, ML_DSA_44_COSIGNATURE
from audit.checkpoints.trust import Trust
from audit.verify import read_trust
from audit.witness.memory import WitnessMemory
from audit.witness.server import WitnessServer
from console import runtime


def serve_witness(
    name: str, logs: Sequence[str], data: Path, address: tuple[str, int], say: Callable[[str], None]
) -> None:
    """Serve until told to stop; its verifier keys are said first.

    Raises:
        VerifierInputError: a log's key or policy cannot be read.
        KeyFileError: others may read the witness's key, or it is another name's.
    """
    server, vkeys = build_witness(name, logs, data)
    for vkey in vkeys:
        say(vkey)
    config = uvicorn.Config(server, host=address[0], port=address[1], log_level="warning", access_log=False)
    with suppress(KeyboardInterrupt):
        runtime.run(uvicorn.Server(config).serve())


def build_witness(name: str, logs: Sequence[str], data: Path) -> tuple[WitnessServer, list[str]]:
    """Return the witness and its verifier keys: Ed25519 for receipts, ML-DSA-44 beside it.

    Raises:
        VerifierInputError: a log's key or policy cannot be read.
        KeyFileError: others may read the witness's key, or it is another name's.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    cosigners = [
        FileCosigner.load_or_create(data / "witness.key", name, ED25519_COSIGNATURE),
        FileCosigner.load_or_create(data / "witness.mldsa.key", name, ML_DSA_44_COSIGNATURE),
    ]
    memory = WitnessMemory(data / "witness.db")
    server = WitnessServer(cosigners, read_logs(logs), memory, lambda: int(time.time()))
    return server, [one.vkey for one in cosigners]


def read_logs(arguments: Sequence[str]) -> dict[str, Trust]:
    """Return whom to believe, by origin; each argument is a key, or @FILE with keys or a policy.

    Raises:
        VerifierInputError: a file cannot be read, or there is neither a key nor a policy in it.
    """
    keys = [one for argument in arguments for one in read_trust([argument]).logs]
    return {
        name: Trust(tuple(one for one in keys if one.key.name == name)) for name in {k.key.name for k in keys}
    }
