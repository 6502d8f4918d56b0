"""Heads of calls by the million, alike but for id, time and number: sealing each would take the longest."""

from collections.abc import Iterator

from audit.head import Head, format_time
from audit.placed import Placed, place_call
from audit.tree.merkle import leaf_hash
from tests.bench.gateway_calls import PEOPLE, ROUTES, intent, outcome

START = 1_800_000_000_000_000
PRODUCER = "gateway-01890000000070008000000000000001"


def placed(first: int, last: int) -> Iterator[Placed]:
    """Yield the entries with these numbers."""
    template = place_call(intent(0, PEOPLE[0], ROUTES[0]), outcome(), PRODUCER, 0)
    assert template is not None
    fields = Head.parse(template.head).to_dict()
    cut = template.head.replace(str(fields["id"]).encode(), b"%(id)b").replace(
        b'"number":0', b'"number":%(number)d'
    )
    cut = cut.replace(str(fields["time"]).encode(), b"%(time)b")
    for number in range(first, last):
        time, digits = START + number * 997, f"{number:012x}"
        event_id = f"01890000-0000-7000-8000-{digits}"
        head = cut % {b"id": event_id.encode(), b"number": number, b"time": format_time(time).encode()}
        place = (*template.columns[2:11], number, "invoke")
        columns = (event_id.replace("-", ""), time, *place, head, leaf_hash(head))
        yield Placed(columns, template.body)


def heads(first: int, last: int) -> list[bytes]:
    """Return the heads with these numbers."""
    return [one.head for one in placed(first, last)]
