"""The mark on every question to an OPA server, by which its decision log is believed.

Whoever may report to the console could report decisions that nobody asked for. Each question carries
``asked``: an id and HMAC-SHA256 over the id and the question's canonical bytes, under a key of ours. The
server logs the question with it, and only entries whose mark holds are counted.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from uuid_utils.compat import uuid7

from policy.canonical import canonical
from policy.decision import Document
from policy.errors import MalformedDocumentError

ASKED: Final = "asked"


def mark(document: Document, key: bytes) -> dict[str, object]:
    """Return the document with its mark."""
    number = str(uuid7())
    return {**document, ASKED: {"id": number, "mac": _mac(document, number, key)}}


def is_ours(document: object, key: bytes) -> bool:
    """Whether a logged question is one that we asked."""
    if not isinstance(document, Mapping):
        return False
    asked = document.get(ASKED)
    if not isinstance(asked, Mapping):
        return False
    number, mac = asked.get("id"), asked.get("mac")
    if not isinstance(number, str) or not isinstance(mac, str):
        return False
    question = {name: value for name, value in document.items() if name != ASKED}
    try:
        return hmac.compare_digest(mac.encode(), _mac(question, number, key).encode())
    except MalformedDocumentError:
        return False


def _mac(document: Mapping[str, object], number: str, key: bytes) -> str:
    return hmac.new(key, number.encode() + b"\n" + canonical(dict(document)), hashlib.sha256).hexdigest()
