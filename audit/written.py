"""The bytes a producer writes for a call, in one go: checked, canonical and sealed without a step between.

audit.record and audit.fold say what these bytes are and refuse what may not be written; whatever is not in
the common form goes through them, and tests compare the two byte by byte.
"""

import os
from binascii import b2a_base64
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from audit import canonical, details
from audit.body import MAX_PARTS, SALT_SIZE
from audit.errors import AuditError
from audit.event import Event, Part
from audit.event_head import write_head
from audit.events import Action
from audit.fold import CallOutcome
from audit.head import format_time
from audit.record import OUTCOME_ROOM, seal
from audit.subjects.keyring import NONCE_SIZE, Entropy, KeyRing, SubjectKey

_RANDOM: Final = SALT_SIZE + NONCE_SIZE


def write_record(event: Event, *, time: int, keys: KeyRing, entropy: Entropy = os.urandom) -> bytes:
    """Return ``seal(…).to_bytes()`` of an event that happened at ``time``; raises as ``seal``."""
    try:
        spare = OUTCOME_ROOM if event.action is Action.MODEL_INVOKE else 0
        if len(event.parts) <= MAX_PARTS and (head := write_head(event, time, spare)) is not None:
            parts = _write_parts(event.action, event.parts, keys, entropy)
            return b'{"head":%b,"parts":[%b]}' % (head, parts.encode("ascii"))
    except (AuditError, UnicodeEncodeError):
        pass  # said in full by the way that knows every rule
    return seal(event, time=time, keys=keys, entropy=entropy).to_bytes()


def write_outcome(ended: CallOutcome, parts: Sequence[Part], *, action: Action, keys: KeyRing) -> bytes:
    """Return ``ended.to_bytes()`` with ``parts``, which belong to a call of this ``action``, sealed in it.

    Raises:
        DetailError: a part holds what the act does not declare.
        UnknownSubjectError: a part's subject has no key.
        CanonicalError: a content or a reason is not canonical.
    """
    written = _write_parts(action, parts, keys, os.urandom)
    reasons = canonical.encode(ended.reasons).decode() if ended.reasons else "[]"
    said = f'"ended":"{format_time(ended.ended)}","outcome":"{ended.outcome}"'
    return f'{{{said},"parts":[{written}],"reasons":{reasons}}}'.encode()


def _write_parts(action: Action, parts: Sequence[Part], keys: KeyRing, entropy: Entropy) -> str:
    random, at, written = entropy(_RANDOM * len(parts)), 0, list[str]()
    for part in parts:
        salt, nonce = random[at : at + SALT_SIZE], random[at + SALT_SIZE : at + _RANDOM]
        written.append(_write_part(action, part, keys.key_for(part.subject), (salt, nonce)))
        at += _RANDOM
    return ",".join(written)


def _write_part(action: Action, part: Part, key: SubjectKey, random: tuple[bytes, bytes]) -> str:
    (salt, nonce), name = random, part.name
    salted = b'%b{"content":%b,"name":"%b","subject":%b}' % (
        salt,
        details.write_content(action, part),
        name.encode(),
        key.subject_json,
    )
    commitment = sha256(salted).digest()
    sealed = b2a_base64(nonce + key.cipher.encrypt(nonce, salted, commitment), newline=False).decode()
    return (
        f'{{"commitment":"{commitment.hex()}","key":"{key.id_text}","name":"{name}","sealed":"{sealed}"'
        f"{key.subject_field}}}"
    )
