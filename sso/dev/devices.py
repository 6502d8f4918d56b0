"""Devices that wait to be let in by somebody with a browser (RFC 8628), in memory.

A user code has eight letters of twenty; five wrong ones lock the page for a minute (section 5.1).
"""

import secrets
from dataclasses import dataclass, field
from typing import Final

from sso.dev.tokens import Confirmation

LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ"
LIFETIME: Final = 600
INTERVAL: Final = 5
SLOWER: Final = 5
MOST: Final = 100
MOST_WRONG: Final = 5
LOCKED: Final = 60


class DeviceError(Exception):
    """Why a device gets no tokens yet, or never: the error code of RFC 8628 section 3.5."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Waiting:
    """A device that waits; `confirmation` is what the page carries that a foreign site cannot know."""

    client_id: str
    user_code: str
    began: int
    device_code: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    confirmation: str = field(default_factory=lambda: secrets.token_urlsafe(16), repr=False)
    interval: int = INTERVAL
    polled: int | None = None
    denied: bool = False
    signed_in: Confirmation | None = None


class Devices:
    """The devices that wait, and how often somebody guessed at a code."""

    def __init__(self) -> None:
        self._waiting: dict[str, Waiting] = {}
        self._wrong: list[int] = []

    def begin(self, client_id: str, now: int) -> Waiting:
        """Let a device wait."""
        self._forget(now)
        if len(self._waiting) >= MOST:
            raise DeviceError("temporarily_unavailable")
        letters = "".join(secrets.choice(LETTERS) for _ in range(8))
        waiting = Waiting(client_id, f"{letters[:4]}-{letters[4:]}", now)
        self._waiting[waiting.device_code] = waiting
        return waiting

    def poll(self, device_code: str, client_id: str, now: int) -> Confirmation:
        """Return who let the device in, once.

        Raises:
            DeviceError: with the code to answer.
        """
        waiting = self._waiting.get(device_code)
        if waiting is None or waiting.client_id != client_id:
            raise DeviceError("invalid_grant")
        too_fast = waiting.polled is not None and now - waiting.polled < waiting.interval
        waiting.polled = now
        if not 0 <= now - waiting.began <= LIFETIME:
            raise DeviceError("expired_token")
        if too_fast:
            waiting.interval += SLOWER
            raise DeviceError("slow_down")
        return self._answer(waiting)

    def _answer(self, waiting: Waiting) -> Confirmation:
        if waiting.denied:
            del self._waiting[waiting.device_code]
            raise DeviceError("access_denied")
        if waiting.signed_in is None:
            raise DeviceError("authorization_pending")
        del self._waiting[waiting.device_code]
        return waiting.signed_in

    def find(self, typed: str, now: int) -> Waiting | None:
        """Return the device with the code somebody typed; None when there is none, or too many guessed.

        Raises:
            DeviceError: locked, after too many wrong codes.
        """
        self._wrong = [moment for moment in self._wrong if 0 <= now - moment < LOCKED]
        if len(self._wrong) >= MOST_WRONG:
            raise DeviceError("locked")
        self._forget(now)
        plain = "".join(letter for letter in typed.upper() if letter in LETTERS)
        for waiting in self._waiting.values():
            if secrets.compare_digest(waiting.user_code.replace("-", ""), plain) and _is_open(waiting):
                return waiting
        self._wrong.append(now)
        return None

    def _forget(self, now: int) -> None:
        over = [code for code, one in self._waiting.items() if not 0 <= now - one.began <= 2 * LIFETIME]
        for code in over:
            del self._waiting[code]


def _is_open(waiting: Waiting) -> bool:
    return waiting.signed_in is None and not waiting.denied
