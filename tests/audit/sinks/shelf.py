"""A sink in memory, for tests of who hands it what."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from audit.sinks import Delivery, Health, Shipment


@dataclass
class Shelf:
    """A sink in memory; ``refuses`` says which entry it does not take."""

    name: str = "shelf"
    held: list[int] = field(default_factory=list)
    handed: list[list[int]] = field(default_factory=list)
    refuses: int | None = None
    breaks: int = 0
    quarantines: tuple[int, ...] = ()
    tampered: tuple[int, ...] = ()

    async def deliver(self, entries: Sequence[Shipment]) -> Delivery:
        if self.breaks:
            self.breaks -= 1
            raise RuntimeError("The sink broke.")
        self.handed.append([entry.index for entry in entries])
        taken = [entry.index for entry in entries if self.refuses is None or entry.index < self.refuses]
        self.held = sorted({*self.held, *taken})
        blocked = None if len(taken) == len(entries) else "The shelf is full."
        return Delivery(
            len(taken),
            quarantined=tuple(index for index in self.quarantines if index in taken),
            tampered=tuple(index for index in self.tampered if index in taken),
            blocked=blocked,
        )

    async def ping(self) -> Health:
        return Health(ok=True, sentence="", next_index=self.held[-1] + 1 if self.held else 0)

    async def close(self) -> None:
        return
