"""What a keeper of heads is: it remembers, off this host, the largest checkpoint that was signed."""

from typing import Protocol

from audit.errors import AuditError


class KeeperError(AuditError):
    """A keeper could not be asked or told now; one sentence for the operator."""


class SplitViewError(KeeperError):
    """A keeper holds another tree of the same size, under the same key; ``note`` is what it holds."""

    def __init__(self, keeper: str, size: int, note: str) -> None:
        super().__init__(
            f"{keeper} holds another checkpoint of {size} entries: somebody signs a second history."
        )
        self.note = note


class HeadKeeper(Protocol):
    """Remembers checkpoints of one log. Nothing it says is believed before it is verified."""

    @property
    def name(self) -> str:
        """What people call it, stable and without secrets."""
        ...

    @property
    def kind(self) -> str:
        """``directory``, ``elasticsearch`` or ``witness``."""
        ...

    async def read(self) -> str | None:
        """Return the largest checkpoint remembered, as a signed note; None when there is none.

        Raises:
            KeeperError: it cannot be asked now.
        """
        ...

    async def remember(self, note: str) -> None:
        """Remember a signed checkpoint, durably.

        Raises:
            KeeperError: it cannot be told now.
            SplitViewError: it remembers another tree of that size.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
