"""A page looked at as its readers do: light and dark, wide and narrow, with the checker, and by keyboard."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Theme, check_here

SETTINGS: list[tuple[Theme, int]] = [("light", 360), ("light", 1400), ("dark", 1400), ("dark", 360)]


def check_in_all_settings(page: Page, name: str, screenshot: Callable[..., Path]) -> None:
    wrong = {}
    for theme, width in SETTINGS:
        # Without motion, so that no colour is measured half way from one theme to the other.
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 900})
        expect(page.locator("html")).to_have_attribute("data-bs-theme", theme)
        wrong[f"{theme} {width}"] = faults(page, width)
        screenshot(page, f"{name}-{theme}-{width}")
    assert {setting: found for setting, found in wrong.items() if found} == {}, page.url


def faults(page: Page, width: int) -> list[str]:
    too_wide = page.evaluate("document.documentElement.scrollWidth") > width
    return [*check_here(page), *(["wider than the window"] if too_wide else [])]


def name_of(path: str) -> str:
    return re.sub(r"[0-9a-f-]{36}", "one", path).strip("/").replace("/", "-").replace("?", "-") or "home"


def press_until(page: Page, key: str, wanted: Locator) -> None:
    expect(wanted).to_be_visible()
    for _ in range(60):
        page.keyboard.press(key)
        if wanted.evaluate("element => element === document.activeElement"):
            return
    pytest.fail(f"{key} does not reach {wanted}")
