"""What an answer to ``_bulk`` says about each entry: a 200 means nothing, every item has its own outcome.

Source: Elasticsearch 9 bulk API, https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus


class Verdict(Enum):
    """What becomes of an entry."""

    STORED = "stored"
    EXISTS = "exists"
    REFUSED = "refused"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Item:
    """One entry's outcome, with the kind of error for the operator's sentence."""

    verdict: Verdict
    error: str = ""


CREATED = Item(Verdict.STORED)
UNANSWERED = Item(Verdict.BLOCKED, "no answer for this entry")


def read_items(answer: object) -> dict[str, Item]:
    """Return the outcomes by ``_id``, in whatever order they came; what is absent was not answered for."""
    items = answer.get("items") if isinstance(answer, Mapping) else None
    found: dict[str, Item] = {}
    for item in items if isinstance(items, list) else ():
        result = item.get("create") if isinstance(item, Mapping) else None
        if isinstance(result, Mapping) and isinstance(result.get("_id"), str):
            found[result["_id"]] = judge(result)
    return found


def judge(result: Mapping[str, object]) -> Item:
    """Return what one item's result means."""
    status, error = result.get("status"), _error_type(result.get("error"))
    if status == HTTPStatus.CREATED:
        # A document in the failure store is reported as created, and is not in the index.
        diverted = result.get("failure_store") == "used"
        return Item(Verdict.REFUSED, "failure_store") if diverted else CREATED
    if status == HTTPStatus.CONFLICT:
        return Item(Verdict.EXISTS)
    if status == HTTPStatus.BAD_REQUEST:
        return Item(Verdict.REFUSED, error)
    return Item(Verdict.BLOCKED, f"{error} ({status})" if error else f"status {status}")


def _error_type(error: object) -> str:
    # The reason text quotes the document; the type is a code and safe to show.
    found = error.get("type") if isinstance(error, Mapping) else None
    return found if isinstance(found, str) else ""
