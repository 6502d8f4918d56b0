"""The golden path, walked by four people with the mouse; what it leaves behind is what the tests look at."""

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.people import ROUTE, People, Person, approve, download_proof, find_and_ask, state_of
from tests.journeys.product import Stage, until
from tests.patience import PATIENCE

ENFORCED_SECONDS = 5.0
INFER = f"/v2/models/{ROUTE}/infer"
CURL_BODY = re.compile(r"-d '(.+)'")


@dataclass
class Walked:
    """What the path left behind: who may open what, the proof, what pages complained of, how long it took."""

    states: dict[str, Any]
    request: str
    entry: str
    proof: Path
    command: str
    complaints: list[str]
    seconds: float


def walk(stage: Stage, people: People, folder: Path) -> Walked:
    began = time.monotonic()
    member = people.sign_in("member")
    assert call(stage) == 403
    request = find_and_ask(member, stage.product.url)
    owner, reviewer = people.sign_in("owner"), people.sign_in("reviewer")
    approve(owner, "I answer for this use as the model's owner")
    approve(reviewer, "Purpose and data class fit")
    expect(reviewer.page.get_by_role("heading", level=1)).to_contain_text("Approved")
    use(stage, member)
    auditor = people.sign_in("auditor")
    entry, command = find_and_prove(auditor)
    proof = download_proof(auditor, folder)
    seconds = time.monotonic() - began
    everybody = (member, owner, reviewer, auditor, people.sign_in("admin"))
    states = {person.handle: state_of(person) for person in everybody}
    return Walked(states, request, entry, proof, command, people.watched.complaints, seconds)


def call(stage: Stage, body: object = None) -> int:
    return stage.product.ask("POST", INFER, body or {"inputs": []}, token=stage.token("member")).status


def use(stage: Stage, member: Person) -> None:
    """Send what the page tells the member to send."""
    member.page.reload()
    member.link("Call the model").click()
    expect(member.page.get_by_role("heading", level=1)).to_contain_text("Granted")
    snippet = member.page.locator("#snippet-curl").inner_text()
    written = CURL_BODY.search(snippet)
    assert written, snippet
    until(
        lambda: call(stage, json.loads(written[1])) == 200, seconds=ENFORCED_SECONDS, what="the grant counts"
    )


def find_and_prove(auditor: Person) -> tuple[str, str]:
    """Find both calls, open the one that was answered, and see its proof; returns its id and the command."""
    page = auditor.page
    auditor.link("Search the audit log").click()
    search = page.get_by_role("searchbox", name="Query: pairs of field and value")
    search.fill("actor:member action:model.invoke outcom:success")
    search.press("Enter")
    expect(page.locator("#query-error")).to_contain_text("did you mean outcome?")
    search.fill("actor:member action:model.invoke")
    rows = page.locator("#events tbody tr")
    until(lambda: searched(search, rows) >= 2, seconds=PATIENCE, what="both calls are found")
    expect(rows.last).to_contain_text("Denied")
    answered = rows.filter(has_text="Success").get_by_role("link")
    expect(answered).to_have_text(f"Demo member called {ROUTE}.")
    answered.click()
    until(lambda: is_proven(page), seconds=PATIENCE, what="the entry is signed")
    return page.url.rpartition("/")[2], page.locator("#verify").inner_text()


def searched(search: Locator, rows: Locator) -> int:
    with search.page.expect_response(re.compile(r"/audit\?q=")):
        search.press("Enter")
    return rows.count()


def is_proven(page: Page) -> bool:
    page.reload()
    return page.get_by_text("It is in the signed log").is_visible()
