"""What is told of a delivery: nothing of entries that tell of one themselves, which would never end."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import orjson

from audit.events import Action
from audit.sinks.port import Delivery, Shipment

TELLING: Final = frozenset({str(Action.SINK_QUARANTINE), str(Action.SINK_TAMPER)})


def without_echoes(delivery: Delivery, entries: Sequence[Shipment]) -> Delivery | None:
    """Return what is to be told of ``delivery``, None when that is nothing.

    An entry about a quarantine that is itself set aside is still counted, and a document other than the log's
    in its place is still an alarm; only no further entry is made of it.
    """
    if not (delivery.quarantined or delivery.tampered):
        return None
    about = {*delivery.quarantined, *delivery.tampered}
    echoes = {one.index for one in entries if one.index in about and _action(one.head) in TELLING}
    told = replace(
        delivery,
        quarantined=tuple(index for index in delivery.quarantined if index not in echoes),
        tampered=tuple(index for index in delivery.tampered if index not in echoes),
    )
    return told if told.quarantined or told.tampered else None


def _action(head: bytes) -> object:
    try:
        fields = orjson.loads(head)
    except orjson.JSONDecodeError:
        return None
    return fields.get("action") if isinstance(fields, dict) else None
