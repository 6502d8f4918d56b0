"""Two deciders: when the first fails or has another revision, the second decides, and the answer says so."""

import logging
import time
from collections.abc import Callable
from typing import Final

from policy.bundles import Bundle
from policy.decision import Decider, Document, Entrypoint, Evaluation
from policy.embedded import EmbeddedDecider
from policy.errors import DeciderFailedError, DeciderTimeoutError

STEPPED_IN: Final = "embedded_fallback"
RESTS_SECONDS: Final = 2.0
log = logging.getLogger("guildhall")


class FallbackDecider:
    """Asks ``first``; the embedded engine, which holds the active revision, steps in where that is no use.

    After a failure ``first`` is left alone for two seconds, so that not every decision waits for it.
    """

    def __init__(
        self, first: Decider, second: EmbeddedDecider, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = first.name
        self._first = first
        self._second = second
        self._clock = clock
        self._rests_until = float("-inf")

    @property
    def revision(self) -> str:
        """The revision the embedded engine holds; see ``policy.decision.Holds``."""
        return self._second.revision

    async def hold(self, bundle: Bundle) -> None:
        """Hand the embedded engine another bundle; the first fetches its own."""
        await self._second.hold(bundle)

    async def evaluate(self, entrypoint: Entrypoint, document: Document) -> Evaluation:
        """Evaluate one entrypoint; see ``policy.decision.Decider``."""
        if self._clock() >= self._rests_until:
            try:
                found = await self._first.evaluate(entrypoint, document)
            except (DeciderFailedError, DeciderTimeoutError) as error:
                self._rests_until = self._clock() + RESTS_SECONDS
                log.warning("the embedded engine steps in for %s: %s", self.name, type(error).__name__)
            else:
                if found.revision == self.revision:
                    return found
        stepped_in = await self._second.evaluate(entrypoint, document)
        return Evaluation(stepped_in.result, stepped_in.revision, STEPPED_IN)

    async def ping(self) -> None:
        """Return when one of the two answers."""
        try:
            await self._first.ping()
        except (DeciderFailedError, DeciderTimeoutError):
            await self._second.ping()

    async def close(self) -> None:
        """Release both."""
        await self._first.close()
        await self._second.close()
