"""How many reports are taken from whoever need not sign in: a bound for each address, and one for all."""

from typing import Final

from console.clock import MICROSECONDS, Clock
from console.errors import TooManyRequestsError

FROM_ONE: Final = 30
FROM_ALL: Final = 300


class ReportLimit:
    """How many reports a minute are taken from one address, and from all."""

    def __init__(self, clock: Clock) -> None:
        """Count by `clock`."""
        self._clock = clock
        self._minute, self._all = 0, 0
        self._by_address: dict[str, int] = {}

    def take(self, address: str | None) -> None:
        """Count one report.

        Raises:
            TooManyRequestsError: this minute has had enough.
        """
        minute = self._clock() // (60 * MICROSECONDS)
        if minute != self._minute:
            self._minute, self._all = minute, 0
            self._by_address.clear()
        place = address or ""
        if self._all >= FROM_ALL or self._by_address.get(place, 0) >= FROM_ONE:
            sentence = "There were too many reports just now; try again in a minute."
            raise TooManyRequestsError(sentence, ("too_many_reports",))
        self._all += 1
        self._by_address[place] = self._by_address.get(place, 0) + 1
