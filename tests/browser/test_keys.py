"""A key from its making to its end with the mouse, and the unmodified V2 client that calls by it."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import tritonclient.http as triton
from playwright.sync_api import Browser, Page, expect
from tritonclient.utils import InferenceServerException

from tests.browser.conftest import Theme
from tests.browser.people import People, Person
from tests.journeys.embedded import embedded_stage
from tests.journeys.golden import by_client, rows_of_zeros
from tests.journeys.product import Stage, until
from tests.real.missing import require
from tests.real.mlserver import MlServer

pytestmark = pytest.mark.real

SHARED = "retail.wine-quality"
REVOKED_SECONDS = 5.0
SETTINGS: list[tuple[Theme, int]] = [("light", 390), ("light", 1400), ("dark", 1400), ("dark", 390)]


@pytest.fixture(scope="module")
def stage(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    require(pytestconfig, MlServer(Path(os.devnull)))
    with embedded_stage(tmp_path_factory.mktemp("keys") / "var") as running:
        yield running


@pytest.fixture(scope="module")
def people(stage: Stage, browser: Browser) -> Iterator[People]:
    opened = People(browser, stage.product.url)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def member(people: People) -> Person:
    return people.sign_in("member")


def test_a_key_made_on_the_page_calls_until_it_is_revoked_there(
    stage: Stage, people: People, member: Person, screenshot: Callable[[Page, str], Path]
) -> None:
    page = member.page
    member.go("/me/keys")
    page.get_by_label("Name", exact=True).fill("wine labels at night")
    page.get_by_label("Only these models").fill(SHARED)
    member.button("Make the key").click()
    key = page.locator("#made-key").inner_text()
    screenshot(page, "key-made")
    assert is_ready(stage, key)
    assert is_ready(stage, key[:-1]) is False
    member.go("/me/keys")
    expect(page.locator("#made-key")).to_have_count(0)
    expect(page.locator("#keys")).to_contain_text("wine labels at night")
    member.button("Revoke").first.click()
    page.get_by_label("Reason").fill("the journey is over")
    page.get_by_role("dialog").get_by_role("button", name="Revoke", exact=True).click()
    expect(page.locator("#keys")).to_contain_text("the journey is over")
    until(lambda: not is_ready(stage, key), seconds=REVOKED_SECONDS, what="the key is refused")
    assert people.watched.complaints == []


def test_access_is_asked_for_a_service_account_and_shows_on_its_page(
    people: People, axe: Callable[..., list[str]], screenshot: Callable[[Page, str], Path]
) -> None:
    owner = people.sign_in("owner")
    page = owner.page
    owner.go("/service-accounts")
    page.get_by_label("Team", exact=True).select_option("risk")
    page.get_by_label("Name", exact=True).fill("nightly")
    page.get_by_label("What it does").fill("Scores the applications of the day")
    owner.button("Create").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("risk.nightly")
    screenshot(page, "service-account")
    assert axe(page) == []
    owner.go("/models/risk.credit-default/request")
    page.get_by_label("For which of your teams").select_option("risk")
    page.get_by_label("For whom in it").select_option("Only risk.nightly")
    page.get_by_label("What for").fill("Score at night, without people")
    screenshot(page, "ask-for-service")
    assert axe(page) == []
    owner.button("Send request").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("for service account risk.nightly")
    screenshot(page, "request-for-service")
    reviewer = people.sign_in("reviewer")
    reviewer.go("/reviews")
    expect(reviewer.page.locator("#queue")).to_contain_text("only risk.nightly")
    reviewer.page.get_by_role("link", name=re.compile("^Answer")).first.click()
    expect(reviewer.page.get_by_text("Only this service account of it")).to_be_visible()
    screenshot(reviewer.page, "review-for-service")
    assert axe(reviewer.page) == []


@pytest.mark.parametrize(("theme", "width"), SETTINGS)
@pytest.mark.parametrize("path", ["/me/keys", "/service-accounts", "/people/keys"])
def test_the_pages_of_keys_can_be_used_by_everybody(  # noqa: PLR0917 - fixtures
    stage: Stage,
    people: People,
    axe: Callable[..., list[str]],
    open_page: Callable[..., Page],
    screenshot: Callable[[Page, str], Path],
    path: str,
    theme: Theme,
    width: int,
) -> None:
    who = "admin" if path == "/people/keys" else "owner"
    state = people.sign_in(who).page.context.storage_state()
    page = open_page(stage.product.url + path, storage_state=state, theme=theme, width=width)
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("[Kk]eys|Service accounts"))
    screenshot(page, f"keys-{path.strip('/').replace('/', '-')}-{theme}-{width}")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert axe(page, theme=theme, width=width) == []


def is_ready(stage: Stage, key: str) -> bool:
    """Call the model as a program would; say whether it answered."""
    client = triton.InferenceServerClient(stage.product.gateway_url.removeprefix("http://"))
    headers = {"Authorization": f"Bearer {key}"}
    try:
        metadata = by_client(lambda: client.get_model_metadata(SHARED, headers=headers))
        outputs = [triton.InferRequestedOutput(metadata["outputs"][0]["name"], binary_data=False)]
        answer = by_client(
            lambda: client.infer(SHARED, rows_of_zeros(metadata), outputs=outputs, headers=headers)
        )
    except InferenceServerException as error:
        if error.status() != "401":
            raise
        return False
    finally:
        client.close()
    return bool(answer.get_response()["outputs"])
