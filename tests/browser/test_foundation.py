"""The gallery of all macros in Chromium, under the policy that production sends."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Response, expect

from console.web.assets import VENDOR, read_assets
from tests.browser.conftest import check_here
from tests.browser.gallery import create_gallery

THEMES = ("light", "dark")
WIDTHS = (360, 1400)
BAD_STATUS = re.compile(r"status of 404")

OUTLINE = """() => {
    const style = getComputedStyle(document.activeElement);
    return {tag: document.activeElement.outerHTML.slice(0, 80), kind: style.outlineStyle,
            width: parseFloat(style.outlineWidth)};
}"""

Open = Callable[..., Page]
Axe = Callable[..., list[str]]


@pytest.fixture(scope="module")
def gallery(serve: Callable[..., str]) -> str:
    return serve(create_gallery())


@pytest.mark.parametrize(("theme", "width"), [(theme, width) for theme in THEMES for width in WIDTHS])
def test_every_macro_is_accessible_and_fits(
    gallery: str, open_page: Open, axe: Axe, *, theme: str, width: int
) -> None:
    page = open_page(gallery, theme=theme, width=width)
    expect(page.locator(".chart canvas")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert axe(page, theme=theme, width=width) == []


@pytest.mark.parametrize(("theme", "width"), [(theme, width) for theme in THEMES for width in WIDTHS])
def test_pictures_are_kept_for_people(
    gallery: str, open_page: Open, screenshot: Callable[[Page, str], Path], *, theme: str, width: int
) -> None:
    page = open_page(gallery, theme=theme, width=width)
    expect(page.locator(".chart canvas")).to_be_visible()
    assert screenshot(page, f"gallery-{theme}-{width}").stat().st_size > 10_000


@pytest.mark.parametrize("theme", THEMES)
def test_error_page_is_accessible(
    gallery: str, open_page: Open, axe: Axe, complaints: list[str], theme: str
) -> None:
    page = open_page(f"{gallery}/bare", theme=theme)
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing here")
    assert axe(page, theme=theme) == []
    assert all(BAD_STATUS.search(text) for text in complaints)
    complaints.clear()


def test_load_more_swaps_a_fragment_and_keeps_the_keyboards_place(gallery: str, open_page: Open) -> None:
    page = open_page(gallery)
    rows = page.locator("#rows tbody tr")
    expect(rows).to_have_count(13)
    page.get_by_role("link", name="Load more").click()
    expect(rows).to_have_count(25)
    assert "Request 13" in str(page.evaluate("document.activeElement.innerText"))
    page.get_by_role("link", name="Load more").click()
    expect(rows).to_have_count(27)
    expect(page.get_by_role("link", name="Load more")).to_have_count(0)


def test_a_form_with_mistakes_comes_back_in_place_with_422(gallery: str, open_page: Open, axe: Axe) -> None:
    page = open_page(gallery)
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer) if answer.request.method == "POST" else None)
    page.get_by_label("Days", exact=True).fill("999")
    page.get_by_role("button", name="Send request").click()
    summary = page.locator("#request-form-errors")
    expect(summary).to_be_focused()
    assert [answer.status for answer in answers] == [422]
    days = page.get_by_label("Days", exact=True)
    expect(days).to_have_value("999")
    expect(days).to_have_attribute("aria-invalid", "true")
    assert "error-days" in str(days.get_attribute("aria-describedby"))
    expect(page.locator("#error-days")).to_have_text("Enter 365 or less.")
    summary.get_by_role("link", name="Days").click()
    expect(days).to_be_focused()


def test_form_errors_pass_axe(gallery: str, open_page: Open) -> None:
    page = open_page(gallery, bypass_csp=True)
    page.get_by_role("button", name="Send request").click()
    expect(page.locator("#request-form-errors")).to_be_focused()
    assert check_here(page) == []


def test_a_good_form_leads_the_browser_on(gallery: str, open_page: Open) -> None:
    page = open_page(gallery)
    page.get_by_label("Purpose").fill("Monthly portfolio review")
    page.get_by_role("button", name="Send request").click()
    expect(page).to_have_url(f"{gallery}/done")


def test_a_refusal_closes_the_dialog_and_says_why_on_top(gallery: str, open_page: Open) -> None:
    page = open_page(gallery)
    page.get_by_role("button", name="Stop route").click()
    dialog = page.get_by_role("dialog", name="Stop risk.credit-default?")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Stop route").click()
    expect(page.locator("#notices")).to_contain_text("You may not stop this route")
    expect(page.locator("#notices")).to_contain_text("role_missing:owner")
    expect(dialog).to_be_hidden()


def test_pages_work_without_javascript(gallery: str, open_page: Open) -> None:
    page = open_page(gallery, java_script_enabled=False)
    page.get_by_role("link", name="Load more").click()
    expect(page.get_by_role("link", name="Request 13", exact=True)).to_be_visible()
    page.get_by_label("Days", exact=True).fill("0")
    page.get_by_role("button", name="Send request").click()
    expect(page.locator("#error-days")).to_have_text("Enter 1 or more.")
    page.get_by_label("Days", exact=True).fill("30")
    page.get_by_label("Purpose").fill("Monthly portfolio review")
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Request sent")


def test_the_focus_can_be_seen_on_everything_it_reaches(gallery: str, open_page: Open) -> None:
    page = open_page(gallery)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    for _ in range(40):
        style: dict[str, Any] = page.evaluate(OUTLINE)
        assert style["kind"] == "solid", style
        assert style["width"] >= 2, style
        page.keyboard.press("Tab")


def test_slash_focuses_the_search_unless_switched_off_or_typing(gallery: str, open_page: Open) -> None:
    page = open_page(gallery)
    search = page.get_by_role("searchbox", name="Search models")
    page.keyboard.press("/")
    expect(search).to_be_focused()
    page.keyboard.press("/")
    expect(search).to_have_value("/")
    page.get_by_role("button", name="Account of Member of retail").click()
    page.get_by_role("button", name="Shortcut key for search").click()
    page.keyboard.press("Escape")
    page.locator("#content").focus()
    page.keyboard.press("/")
    expect(search).not_to_be_focused()


def test_the_chosen_theme_stays(gallery: str, open_page: Open) -> None:
    page = open_page(gallery)
    toggle = page.get_by_role("button", name="Dark theme")
    expect(toggle).to_have_attribute("aria-pressed", "false")
    toggle.click()
    expect(toggle).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_the_narrow_menu_opens_by_keyboard(gallery: str, open_page: Open) -> None:
    page = open_page(gallery, width=360)
    page.locator(".rail-menu summary").focus()
    page.keyboard.press("Enter")
    expect(
        page.get_by_role("navigation", name="Main, folded").get_by_role("link", name="Requests")
    ).to_be_visible()


def test_markup_without_our_nonce_does_nothing(gallery: str, open_page: Open, complaints: list[str]) -> None:
    page = open_page("about:blank")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{gallery}/hostile", wait_until="networkidle")
    expect(page.locator("#stolen")).not_to_have_attribute("hx-get", re.compile("."))
    expect(page.locator("#guessed")).not_to_have_attribute("hx-get", re.compile("."))
    assert not [url for url in asked if "after=" in url]
    assert [text for text in complaints if "hx-csp" in text]
    complaints.clear()


def test_a_page_weighs_less_than_150_kilobytes_compressed() -> None:
    files = [VENDOR / Path(asset.path).name for asset in read_assets().files.values()]
    assert sum(len(gzip.compress(file.read_bytes(), 6)) for file in files) < 150_000
