"""The kinds of query that the small Elasticsearch understands."""

from typing import Any

Document = dict[str, Any]
Key = tuple[str, str]
LAST = 2**63 - 1


def hit(place: int, key: Key, document: Document) -> Document:
    sequence = document.get("event", {}).get("sequence", LAST)
    shown = {"_index": key[0], "_id": key[1], "_source": document, "sort": [sequence, place]}
    return {**shown, "fields": {"event.sequence": [sequence]}}


def passes(identity: str, document: Document, query: Document) -> bool:
    """Whether a query lets a document through."""
    ((kind, wanted),) = query.items()
    if kind == "bool":
        parts = {name: one if isinstance(one, list) else [one] for name, one in wanted.items()}
        return (
            all(passes(identity, document, one) for one in parts.get("filter", []))
            and any(
                passes(identity, document, one)
                for one in parts.get("should", [{"ids": {"values": [identity]}}])
            )
            and not any(passes(identity, document, one) for one in parts.get("must_not", []))
        )
    if kind == "ids":
        return identity in wanted["values"]
    if kind == "terms":
        ((name, values),) = wanted.items()
        found = value_of(document, name)
        return not set(found if isinstance(found, list) else [found]).isdisjoint(values)
    if kind == "exists":
        return value_of(document, wanted["field"]) is not None
    ((name, expected),) = wanted.items()
    found = value_of(document, name)
    if kind == "term":
        return bool(found == expected)
    return found is not None and expected["gte"] <= found < expected.get("lt", found + 1)


def value_of(document: Document, name: str) -> Any:
    found: Any = document
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found
