"""One count of like refusals in one minute, and what its summary says."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

from audit.event import Event, Outcome, Part
from audit.events import Action
from audit.spool.writer import SpoolWriter
from console.clock import MICROSECONDS, to_text

MINUTE: Final = 60 * MICROSECONDS
ENTRIES_A_MINUTE: Final = 20
NETWORKS_A_MINUTE: Final = 256
OTHERS: Final = "others"
UNKNOWN: Final = "unknown"
CODES_SHOWN: Final = 8
"""A head has room for so many reasons, and a refusal of ours never has more."""


@dataclass(frozen=True, slots=True)
class Key:
    """What makes refusals alike: who, or from which network; why; and whether it was denied or failed."""

    actor: UUID | None
    network: str | None
    codes: tuple[str, ...]
    outcome: Outcome = Outcome.DENIED


@dataclass(slots=True)
class Tally:
    """Refusals of one key in one minute (`minute` counts from 1970).

    Attributes:
        counted: how many the summary stands for, by reason.
        summary: the id of the summary's entry, fixed before the summary is written.
        opened: the writer and the frame of the summary's intent, once it is written.
    """

    key: Key
    minute: int
    entries: int = 0
    counted: Counter[str] = field(default_factory=Counter)
    summary: UUID = field(default_factory=uuid7)
    opened: tuple[SpoolWriter, int] | None = None

    def opening(self) -> Event:
        """Return the event of the summary while it is counted."""
        place = {"network": self.key.network}
        return Event(
            id=self.summary,
            action=Action.DENIAL_SUMMARY,
            actor=self.key.actor,
            outcome=Outcome.UNKNOWN,
            reasons=self.key.codes,
            flags=(f"minute:{to_text(self.minute * MINUTE)}",),
            parts=(Part(name="source", subject=None, content=place),) if self.key.network else (),
        )

    def reasons(self) -> tuple[str, ...]:
        """Return why, and last the exact count."""
        codes = self.key.codes or tuple(sorted(self.counted)[:CODES_SHOWN])
        return (*codes, f"count:{self.counted.total()}")

    def counts(self) -> list[Part]:
        """Return the counts by reason, where a summary is about more than one."""
        counts = [f"{name}:{count}" for name, count in sorted(self.counted.items())]
        return [] if self.key.codes else [Part(name="counts", subject=None, content={"reasons": counts})]


def codes_of(reasons: Iterable[str]) -> tuple[str, ...]:
    """Return the reasons without their details, so that nobody gets a new count by asking for a new name."""
    return tuple(sorted({reason.partition(":")[0] for reason in reasons}))[:CODES_SHOWN]


def network_of(address: str | None) -> str:
    """Return the network an address lies in: /24 of IPv4, /48 of IPv6; `unknown` for none."""
    try:
        found = ip_address((address or "").partition("%")[0])
    except ValueError:
        return UNKNOWN
    return str(ip_network((_plain(found), 24 if _plain(found).version == 4 else 48), strict=False))  # noqa: PLR2004


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
