"""A disk that keeps whoever synchronises waiting, and tells that somebody does."""

import os
import threading

import pytest


class SlowDisk:
    """Stands for `os.fdatasync`: it is `reached`, and synchronises once it may `go_on`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()
        self._sync = os.fdatasync
        monkeypatch.setattr(os, "fdatasync", self.sync)

    def sync(self, descriptor: int) -> None:
        self.reached.set()
        self.go_on.wait()
        self._sync(descriptor)
