"""Entries for tests of followers: real heads with real leaf hashes."""

from collections.abc import Sequence
from uuid import UUID

from audit.event import Outcome, Resource
from audit.head import Head
from audit.sinks import Shipment
from audit.tree.merkle import leaf_hash

ORIGIN = "guildhall.test/audit/log"
ACTOR, ROUTE = UUID(int=1), UUID(int=2)
START = 1_790_000_000_000_000


def make_entry(index: int, *, variant: int = 0) -> Shipment:
    """Return the entry at ``index``; another ``variant`` is another entry at the same place."""
    identity = UUID(int=(7 << 76) | (2 << 62) | (variant << 32) | index)
    head = Head(
        id=identity,
        time=START + index,
        action="model.invoke",
        outcome=Outcome.DENIED if index % 3 else Outcome.SUCCESS,
        reasons=("no_grant",) if index % 3 else (),
        actor=ACTOR,
        resource=Resource(type="route", id=ROUTE),
        producer="gateway-1",
        number=index,
        retention="invoke",
    ).to_bytes()
    return Shipment(index, head, leaf_hash(head))


def make_act(index: int, action: str, *flags: str, outcome: Outcome = Outcome.SUCCESS) -> Shipment:
    """Return an entry of another act than a call."""
    identity = UUID(int=(7 << 76) | (2 << 62) | index)
    head = Head(
        id=identity,
        time=START + index,
        action=action,
        outcome=outcome,
        flags=flags,
        producer="gateway-1",
        number=index,
        retention="audit",
    ).to_bytes()
    return Shipment(index, head, leaf_hash(head))


def make_entries(first: int, last: int) -> Sequence[Shipment]:
    """Return the entries from ``first`` up to but not including ``last``."""
    return [make_entry(index) for index in range(first, last)]


def make_unreadable(index: int) -> Shipment:
    """Return an entry whose bytes are no head."""
    head = b"\xff not a head"
    return Shipment(index, head, leaf_hash(head))
