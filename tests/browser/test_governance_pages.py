"""Pages of people, reviews and policies in a demo that is in use: for every eye, and by keyboard alone."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.furnished import NEW_CLUSTER, Furnished, followed, furnish, small_realm, way_in
from tests.browser.looked_at import check_in_all_settings, name_of, press_until
from tests.browser.people import People
from tests.journeys.embedded import embedded_stage
from tests.journeys.product import Stage
from tests.real.missing import require
from tests.real.mlserver import MlServer

pytestmark = pytest.mark.real

Screenshot = Callable[[Page, str], Path]


@pytest.fixture(scope="module")
def directory(serve: Callable[..., str]) -> str:
    return serve(small_realm())


@pytest.fixture(scope="module")
def stage(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory, directory: str
) -> Iterator[Stage]:
    require(pytestconfig, MlServer(Path(os.devnull)))
    with embedded_stage(tmp_path_factory.mktemp("governance") / "var", followed(directory)) as running:
        yield running


@pytest.fixture(scope="module")
def furnished(stage: Stage, directory: str) -> Furnished:
    return furnish(stage, directory)


@pytest.fixture(scope="module")
def people(stage: Stage, furnished: Furnished, browser: Browser) -> Iterator[People]:
    url = stage.product.url
    opened = People(browser, url, way_in(url))
    yield opened
    opened.close()


@pytest.fixture
def signed_in(people: People, open_page: Callable[..., Page]) -> Callable[[str], Page]:
    """Open a page as one of the people, where the policy does not keep the checker out."""

    def as_person(handle: str) -> Page:
        state = people.sign_in(handle).page.context.storage_state()
        return open_page("about:blank", bypass_csp=True, storage_state=state)

    return as_person


@pytest.mark.parametrize("handle", ["admin", "owner", "reviewer", "auditor"])
def test_every_page_is_accessible_fits_and_says_where_one_is(
    stage: Stage,
    furnished: Furnished,
    signed_in: Callable[[str], Page],
    screenshot: Screenshot,
    handle: str,
) -> None:
    page = signed_in(handle)
    for path in furnished.pages[handle]:
        page.goto(stage.product.url + path)
        expect(page.locator(".rail [aria-current=page]")).to_have_count(1)
        check_in_all_settings(page, f"{handle}-{name_of(path)}", screenshot)


def test_the_choice_of_providers_is_accessible(
    stage: Stage, open_page: Callable[..., Page], screenshot: Screenshot
) -> None:
    page = open_page(f"{stage.product.url}/sign-in", bypass_csp=True)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    check_in_all_settings(page, "sign-in", screenshot)


def test_a_review_is_answered_by_keyboard_alone(
    stage: Stage, furnished: Furnished, signed_in: Callable[[str], Page], screenshot: Screenshot
) -> None:
    page = signed_in("owner")
    page.goto(f"{stage.product.url}/reviews/campaigns/{furnished.campaign}")
    press_until(page, "Tab", page.get_by_role("link", name="Confirm it is you"))
    page.keyboard.press("Enter")
    press_until(page, "Tab", page.get_by_role("button", name="Demo owner"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign the answers")).to_be_visible()
    check_in_all_settings(page, "owner-campaign-form", screenshot)
    press_until(page, "Tab", page.get_by_label("Keep it").first)
    page.keyboard.press("Space")
    press_until(page, "Tab", page.get_by_label("What your signature means"))
    page.keyboard.type("I answer for this use as the owner of the model")
    press_until(page, "Tab", page.get_by_role("button", name="Sign the answers"))
    page.keyboard.press("Enter")
    expect(page.locator("#items")).to_contain_text("I answer for this use")


def test_somebody_is_found_and_signed_out_by_keyboard_alone(
    stage: Stage, people: People, signed_in: Callable[[str], Page], screenshot: Screenshot
) -> None:
    people.sign_in("member")
    page = signed_in("admin")
    page.goto(f"{stage.product.url}/people")
    press_until(page, "Tab", page.get_by_role("searchbox", name="Find people by handle or name"))
    page.keyboard.type("demo member")
    page.keyboard.press("Enter")
    press_until(page, "Tab", page.get_by_role("link", name="Demo member", exact=True))
    page.keyboard.press("Enter")
    press_until(page, "Tab", page.get_by_role("link", name="Where signed in"))
    page.keyboard.press("Enter")
    opener = page.get_by_role("button", name="Sign out everywhere").first
    press_until(page, "Tab", opener)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Sign out everywhere?")
    expect(dialog).to_be_visible()
    check_in_all_settings(page, "admin-sign-out-dialog", screenshot)
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    press_until(page, "Tab", dialog.get_by_label("Reason"))
    page.keyboard.type("A lost laptop")
    press_until(page, "Tab", dialog.get_by_role("button", name="Sign out everywhere"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("There is no live session")).to_be_visible()


def test_somebody_is_put_into_a_team_by_keyboard_alone(
    stage: Stage, signed_in: Callable[[str], Page], screenshot: Screenshot
) -> None:
    page = signed_in("owner")
    page.goto(f"{stage.product.url}/people/teams")
    press_until(page, "Tab", page.get_by_role("link", name="health", exact=True))
    page.keyboard.press("Enter")
    press_until(page, "Tab", page.get_by_role("button", name="Put somebody in"))
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Put somebody into health")
    press_until(page, "Tab", dialog.get_by_label("Person"))
    page.keyboard.type("member")
    press_until(page, "Tab", dialog.get_by_label("Reason"))
    page.keyboard.type("Joins the team of the models")
    check_in_all_settings(page, "owner-join-dialog", screenshot)
    press_until(page, "Tab", dialog.get_by_role("button", name="Put in"))
    page.keyboard.press("Enter")
    expect(page.locator("#members")).to_contain_text("Demo member")


def test_a_model_is_asked_to_be_published_with_the_mouse(
    stage: Stage, signed_in: Callable[[str], Page], screenshot: Screenshot
) -> None:
    page = signed_in("owner")
    page.goto(f"{stage.product.url}/models")
    page.get_by_role("link", name="Publish a model").click()
    page.get_by_label("What the cluster serves").select_option(f"wine-quality 1 on {NEW_CLUSTER}")
    page.get_by_label("Owner", exact=True).select_option("risk")
    page.get_by_label("Title", exact=True).fill("Labels of wine")
    page.get_by_label("Intended use").fill("A laboratory looks again at **what does not fit**.")
    ask = page.get_by_role("button", name="Ask for it")
    ask.click()
    expect(page.locator("#publish-form-errors")).to_contain_text("Some things need your attention")
    expect(page.get_by_label("Intended use")).to_have_value(re.compile("looks again"))
    check_in_all_settings(page, "owner-publish-mistakes", screenshot)
    facts = {"Name": "wine-labels", "Summary": "Says which label does not fit.", "Purpose": "product-quality"}
    for label, text in {**facts, "Task": "classification", "Reason": "The laboratory waits for it"}.items():
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_label("Tier", exact=True).select_option("low")
    page.get_by_label("Data class", exact=True).select_option("public")
    ask.click()
    expect(page).to_have_url(re.compile("/records/changes/[0-9a-f-]{36}$"))
    expect(page.get_by_role("main")).to_contain_text("Publish risk.wine-labels")
    check_in_all_settings(page, "owner-publish-asked", screenshot)


def test_a_sync_is_previewed_by_keyboard_alone(stage: Stage, signed_in: Callable[[str], Page]) -> None:
    page = signed_in("admin")
    page.goto(f"{stage.product.url}/admin/directory")
    runs = page.locator("#runs tbody tr")
    before = runs.count()
    press_until(page, "Tab", page.get_by_role("button", name="Preview a sync"))
    page.keyboard.press("Enter")
    expect(runs).to_have_count(before + 1)
    expect(runs.first).to_contain_text("Done")
    expect(page.get_by_role("heading", name=re.compile("What this sync would do"))).to_be_visible()


def test_every_other_browser_is_signed_out_by_keyboard_alone(
    stage: Stage, people: People, signed_in: Callable[[str], Page]
) -> None:
    people.sign_in("reviewer")
    page = signed_in("reviewer")
    page.goto(f"{stage.product.url}/me/sessions")
    rows = page.locator("#sessions tbody tr")
    before = rows.count()
    press_until(page, "Tab", page.get_by_role("button", name=re.compile("^Sign out .* of ")).first)
    page.keyboard.press("Enter")
    expect(rows).to_have_count(before - 1)


def test_a_deputy_accepts_by_keyboard_alone(stage: Stage, signed_in: Callable[[str], Page]) -> None:
    page = signed_in("reviewer")
    page.goto(f"{stage.product.url}/me/deputies")
    press_until(page, "Tab", page.get_by_role("button", name="Accept to be the deputy of Demo owner"))
    page.keyboard.press("Enter")
    expect(page.locator("#deputies")).to_contain_text("In force")
    expect(page.get_by_role("button", name=re.compile("^Accept"))).to_have_count(0)
