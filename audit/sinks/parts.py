"""A batch delivered in parts, one after the other, and what they came to together."""

from collections.abc import Awaitable, Callable, Sequence

from audit.sinks.laid import Laid
from audit.sinks.port import Delivery


async def deliver_parts(
    deliver: Callable[[Sequence[Laid]], Awaitable[Delivery]], *parts: Sequence[Laid]
) -> Delivery:
    """Deliver each part; the first that is blocked ends it, and what came before it counts."""
    done = Delivery(0)
    for part in parts:
        more = await deliver(part)
        done = Delivery(
            acknowledged=done.acknowledged + more.acknowledged,
            quarantined=done.quarantined + more.quarantined,
            tampered=done.tampered + more.tampered,
            blocked=more.blocked,
        )
        if more.blocked:
            break
    return done


def halves(laid: Sequence[Laid]) -> tuple[Sequence[Laid], Sequence[Laid]]:
    """Return the two halves of a batch, for a receiver that finds it too large."""
    middle = len(laid) // 2
    return laid[:middle], laid[middle:]
