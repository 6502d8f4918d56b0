"""How Elasticsearch keeps an entry: plain indices by index range, an explicit mapping, nothing guessed.

With ``dynamic: false`` no document can change the mapping or conflict with it. Every build has these types.
"""

from typing import Any, Final

from audit.sinks.told import mapped

ENTRIES_PER_INDEX: Final = 5_000_000
"""An index is named by the range of entries, not by time, so a document's ``_id`` stays unique for ever."""

_KEYWORD: Final = {"type": "keyword", "ignore_above": 1024}
_ORIGINAL: Final = {"type": "keyword", "index": False, "doc_values": False}
_EVENT: Final = {
    **dict.fromkeys(("action", "category", "dataset", "hash", "id", "kind", "module", "outcome"), _KEYWORD),
    "original": _ORIGINAL,
    "reason": _KEYWORD,
    "sequence": {"type": "long"},
    "severity": {"type": "long"},
    "type": _KEYWORD,
}
_OWN_KEYWORDS: Final = (
    "body",
    "decision",
    "evaluation",
    "flags",
    "grant",
    "log",
    "outcome",
    "policy",
    "producer",
    "reasons",
    "request",
    "retention",
    "state",
)
_OWN: Final = {
    **dict.fromkeys(_OWN_KEYWORDS, _KEYWORD),
    "number": {"type": "long"},
    "resource": {"properties": {"id": _KEYWORD, "type": _KEYWORD}},
}
_OF_HEADS: Final[dict[str, Any]] = {
    "@timestamp": {"type": "date_nanos"},
    "ecs": {"properties": {"version": _KEYWORD}},
    "event": {"properties": _EVENT},
    "guildhall": {"properties": _OWN},
    "rule": {"properties": {"ruleset": _KEYWORD}},
    "user": {"properties": {"id": _KEYWORD, "target": {"properties": {"id": _KEYWORD}}}},
}
DETAILS: Final = mapped()
"""Fields that only the documents of a follower have which two people let have details."""


def _joined(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    both = {name: _joined(first[name], second[name]) for name in first.keys() & second.keys()}
    return {**first, **second, **both}


MAPPING: Final = {"dynamic": False, "properties": _joined(_OF_HEADS, DETAILS)}


def index_name(prefix: str, index: int) -> str:
    """Return the name of the Elasticsearch index that holds the entry at ``index``."""
    return f"{prefix}-{index // ENTRIES_PER_INDEX:06d}"


def quarantine_name(prefix: str) -> str:
    """Return the name of the index for entries whose fields were refused."""
    return f"{prefix}-quarantine"


def document_id(origin: str, index: int) -> str:
    """Return the ``_id`` of an entry: the same for ever, so a second delivery makes no second document."""
    return f"{origin}-{index:016x}"
