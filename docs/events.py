# ruff: noqa: INP001 -- run with -m from the top, like the tests; there is nothing to import docs for
"""Lists every act the log knows, with what it carries and what others call it."""

from collections.abc import Iterable, Iterator

from audit.ecs import ECS_VERSION
from audit.events import EVENT_TYPES, EventType
from audit.events.declared import Details, Field
from audit.events.shared import ACTOR, CHANGE, DECISION
from audit.ocsf import OCSF_VERSION
from console.unrecorded import ADDRESSES, READS

RETENTION = {
    "admin": "changes of rights and settings",
    "auth": "sign-ins",
    "invoke": "calls",
    "audit": "the log's own life and its readers",
}
SHARED = {
    ACTOR: "Who did it, from where. Every act of a principal has it, under that principal's key.",
    DECISION: "The policy's answer with its canonical input, under the same key, when something was asked.",
    CHANGE: (
        "The rows that decisions read, as the act left them: `rows` holds kind, id, and of `before` and\n"
        "`after` only the fields that differ; null is a row that is new, or gone. References only."
    ),
}
Table = tuple[tuple[str, ...], Iterable[tuple[str, ...]]]


def words() -> str:
    """Return what stands above the list."""
    classes = "; ".join(f"`{name}` for {meaning}" for name, meaning in RETENTION.items())
    return (
        "One act is one type in `audit/events`. What a type does not declare is refused before it is\n"
        "sealed, with a sentence that names act and field. Outcomes: success, failure, denied, unknown.\n\n"
        f"Retention classes: {classes}.\n\n"
        f"Categories and types are those of the Elastic Common Schema {ECS_VERSION}; class, activity and\n"
        f"severity those of OCSF {OCSF_VERSION}. Tests check every act against both published schemas."
    )


def acts() -> Table:
    """Return the table of all acts."""
    columns = ("act", "sentence", "retention", "event.category", "event.type", "OCSF", "severity")
    return columns, [_act(kind) for kind in EVENT_TYPES.values()]


def details() -> Iterator[tuple[str, str, Table]]:
    """Yield a title, a sentence and a table for the shared parts, then for each act with parts of its own."""
    for part, meaning in SHARED.items():
        yield f"Part `{part.name}`", meaning, _fields([part])
    for kind in EVENT_TYPES.values():
        own = [part for part in kind.parts if part not in SHARED]
        if own:
            yield f"`{kind.action.value}`", _carried(kind), _fields(own)


def unrecorded() -> Table:
    """Return the list of what leaves no entry."""
    rows = [(f"`{right.value}`, allowed", meaning) for right, meaning in READS.items()]
    return ("what", "it shows"), rows + [(f"`{path}`", meaning) for path, meaning in ADDRESSES.items()]


def _act(kind: EventType) -> tuple[str, ...]:
    return (
        f"`{kind.action.value}`",
        kind.sentence,
        kind.retention,
        ", ".join(kind.category),
        ", ".join(kind.type),
        f"{kind.ocsf.class_uid.value} {kind.ocsf.activity}",
        kind.severity.name.lower(),
    )


def _carried(kind: EventType) -> str:
    shared = [f"`{part.name}`" for part in kind.parts if part in SHARED]
    return f"Beside {', '.join(shared)}." if shared else "No shared parts."


def _fields(parts: Iterable[Details]) -> Table:
    rows = [_field(part, item) for part in parts for item in part.fields]
    return ("part", "field", "holds", "personal", "ECS, where disclosed"), rows


def _field(part: Details, item: Field) -> tuple[str, ...]:
    holds = f"{item.kind.value}, or null" if item.null else item.kind.value
    return (
        f"`{part.name}`",
        f"`{item.name}`",
        holds,
        "yes" if item.personal else "",
        f"`{item.ecs}`" if item.ecs else "",
    )
