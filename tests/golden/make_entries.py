"""Make the golden vectors of the entry format: ``python -m tests.golden.make_entries``.

Every key, salt, nonce, id and time is fixed, so the same code writes the same bytes. A difference in git
after a run is a change of the format, and needs a new version of it once version 1 is final.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoints.checkpoint import Checkpoint, FileSigner, Signer, sign_checkpoint
from audit.event import Event, Outcome, Part, Resource
from audit.events import Action
from audit.record import compose, seal_declared
from audit.subjects.keyring import MemoryKeyRing, SubjectKey, wrap
from audit.tree import merkle, tiles
from audit.tree.proof import Proof, format_proof

FOLDER: Final = Path(__file__).parent / "entries"
ORIGIN: Final = "log.example/guildhall"
PRODUCER: Final = "gateway-1"
PROVEN: Final = 3
KEK: Final = bytes(range(32))


def name_id(number: int) -> UUID:
    """Return a fixed id of the form of a UUIDv7."""
    return UUID(f"01890000-0000-7000-8000-{number:012x}")


MEMBER: Final = name_id(0x101)
ROUTE: Final = Resource(type="route", id=name_id(0x201))
KEYS: Final = (
    SubjectKey(key_id=name_id(0x301), subject=None, secret=b"\x01" * 32),
    SubjectKey(key_id=name_id(0x302), subject=MEMBER, secret=b"\x02" * 32),
)
EVENTS: Final = (
    Event(
        id=name_id(1),
        action=Action.LOG_GENESIS,
        actor=None,
        parts=(Part(name="installation", subject=None, content={"origin": ORIGIN, "profile": "embedded"}),),
    ),
    Event(
        id=name_id(2),
        action=Action.SESSION_CREATE,
        actor=MEMBER,
        parts=(
            Part(name="sign_in", subject=MEMBER, content={"network": "192.0.2.0/24", "acr": None}),
            Part(name="method", subject=None, content={"method": "session", "step_up": False}),
        ),
    ),
    Event(
        id=name_id(3),
        action=Action.CLUSTER_CREATE,
        actor=MEMBER,
        resource=Resource(type="cluster", id=name_id(0x202)),
        flags=("single_person",),
        state="ab" * 32,
    ),
    Event(
        id=name_id(4),
        action=Action.MODEL_INVOKE,
        outcome=Outcome.DENIED,
        reasons=("no_grant", "role_missing:auditor"),
        actor=MEMBER,
        resource=ROUTE,
        decision=name_id(0x401),
        policy="cd" * 32,
        parts=(
            Part(name="decision", subject=MEMBER, content={"input": {"v": 1}, "result": {"allow": False}}),
        ),
    ),
    Event(
        id=name_id(5),
        action=Action.ACCESS_REQUEST_CREATE,
        actor=MEMBER,
        resource=ROUTE,
        request=name_id(0x501),
        grant=name_id(0x502),
        decision=name_id(0x402),
        evaluation=name_id(0x401),
        policy="cd" * 32,
        state="ef" * 32,
        parts=(
            Part(
                name="request",
                subject=MEMBER,
                content={"purpose": 'Grüße, "Zoë"\n\t\u0001\u2028 🏛', "days": [1, 365, -(2**53) + 1]},
            ),
        ),
    ),
)


def counted_entropy(seed: bytes) -> Callable[[int], bytes]:
    """Return a stand-in for ``os.urandom`` that gives the same bytes in every run."""
    calls = iter(range(1_000_000))
    return lambda size: hashlib.shake_256(seed + next(calls).to_bytes(4, "big")).digest(size)


def fixed_signer() -> FileSigner:
    """Return the signer of the vectors."""
    return FileSigner(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"\x07" * 32))


def export_files(entries: Sequence[bytes], signer: Signer) -> dict[str, bytes]:
    """Return path and bytes of every file of an exported log: tiles, bundles, checkpoint, key."""
    leaves = [merkle.leaf_hash(entry) for entry in entries]
    files = dict(tiles.hash_tiles(leaves))
    for index, start in enumerate(range(0, len(entries), tiles.TILE_WIDTH)):
        bundle = entries[start : start + tiles.TILE_WIDTH]
        files[tiles.bundle_path(index, len(bundle))] = tiles.encode_bundle(bundle)
    checkpoint = Checkpoint(origin=signer.name, size=len(entries), root=merkle.root(leaves))
    return files | {"checkpoint": sign_checkpoint(checkpoint, signer), "vkey": f"{signer.vkey}\n".encode()}


def prove(entries: Sequence[bytes], index: int, signer: Signer) -> bytes:
    """Return the ``.tlog-proof`` of one entry."""
    leaves = [merkle.leaf_hash(entry) for entry in entries]
    note = sign_checkpoint(Checkpoint(signer.name, len(entries), merkle.root(leaves)), signer)
    hashes = tuple(merkle.inclusion_proof(leaves, index))
    return format_proof(Proof(index=index, hashes=hashes, checkpoint=note, extra=entries[index]))


def make() -> dict[str, bytes]:
    """Return path and bytes of every golden file."""
    keys, entropy, files, heads = (
        MemoryKeyRing(KEYS),
        counted_entropy(b"parts"),
        dict[str, bytes](),
        list[bytes](),
    )
    for number, event in enumerate(EVENTS):
        record = seal_declared(event, time=1_767_225_600_000_000 + number, keys=keys, entropy=entropy)
        head, body = compose(record, producer=PRODUCER, number=number)
        heads.append(head)
        files |= {f"{number}.record": record.to_bytes(), f"{number}.head": head, f"{number}.body": body}
    signer = fixed_signer()
    files |= {f"log/{path}": data for path, data in export_files(heads, signer).items()}
    files[f"{PROVEN}.tlog-proof"] = prove(heads, PROVEN, signer)
    files["vectors.json"] = json.dumps(_vectors(heads), indent=2, ensure_ascii=False).encode() + b"\n"
    return files


def _vectors(heads: Sequence[bytes]) -> dict[str, object]:
    entropy = counted_entropy(b"wrap")
    leaves = [merkle.leaf_hash(head) for head in heads]
    return {
        "kek": KEK.hex(),
        "keys": [
            {
                "key": str(key.key_id),
                "subject": None if key.subject is None else str(key.subject),
                "secret": key.secret.hex(),
                "wrapped": wrap(KEK, key, entropy=entropy).hex(),
            }
            for key in KEYS
        ],
        "contents": [{part.name: part.content for part in event.parts} for event in EVENTS],
        "leaf_hashes": [leaf.hex() for leaf in leaves],
        "root": merkle.root(leaves).hex(),
    }


if __name__ == "__main__":
    for path, data in make().items():
        (FOLDER / path).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / path).write_bytes(data)
