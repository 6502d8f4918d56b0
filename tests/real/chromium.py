"""Chromium as Debian packages it; Playwright drives it by `executable_path` and downloads nothing."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from tests import tools
from tests.real import cache
from tests.real.server import Part


class Chromium(Part):
    """The browser's program."""

    name: ClassVar[str] = "chromium"

    @property
    def path(self) -> Path:
        """Where it is; MissingPartError when it is nowhere."""
        found = tools.find_browser()
        if found is None:
            raise cache.MissingPartError("Chromium is missing: install the package chromium")
        return found

    def fetch(self) -> None:
        cache.install_from_debian(tools.find_browser)
        _ = self.path
