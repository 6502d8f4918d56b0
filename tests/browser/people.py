"""The demo's people, each in a browser of their own, doing with the mouse what the golden path asks."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.conftest import Watched, patient_page

ROUTE = "risk.credit-default"
TITLE = "Credit default within a year"
PURPOSE = "Order applications for the monthly portfolio review"


@dataclass
class Person:
    """Somebody signed in through the development provider."""

    handle: str
    page: Page
    url: str

    def go(self, path: str) -> None:
        """Open a page by its address."""
        self.page.goto(self.url + path)

    def button(self, name: str) -> Locator:
        """Find a button by its whole name."""
        return self.page.get_by_role("button", name=name, exact=True)

    def link(self, name: str) -> Locator:
        """Find a link by its whole name."""
        return self.page.get_by_role("link", name=name, exact=True)

    def confirm(self) -> None:
        """Confirm at the provider who it is, and come back."""
        self.link("Confirm it is you").click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text("Confirm it is you")
        self.page.get_by_role("button", name=f"Demo {self.handle}").click()
        expect(self.button("Sign the answer")).to_be_visible()


@dataclass
class People:
    """Opens a browser context for each person, and collects what the pages complain of.

    `way_in` leads to the development provider, where there are several to choose from.
    """

    browser: Browser
    url: str
    way_in: str = "/"
    watched: Watched = field(default_factory=Watched)
    contexts: list[BrowserContext] = field(default_factory=list)

    def sign_in(self, handle: str) -> Person:
        """Sign somebody in with the mouse; they land on their first page."""
        context = self.browser.new_context(viewport={"width": 1400, "height": 900}, accept_downloads=True)
        self.contexts.append(context)
        page = patient_page(context)
        self.watched.watch(page)
        page.goto(self.url + self.way_in)
        page.get_by_role("button", name=f"Demo {handle}").click()
        expect(page.get_by_role("button", name=f"Account of Demo {handle}")).to_be_visible()
        return Person(handle, page, self.url)

    def close(self) -> None:
        """Close every browser context."""
        for context in self.contexts:
            context.close()


def find_and_ask(member: Person, url: str) -> str:
    """Find the model, see that there is no access, and ask for it; returns the request's id."""
    page = member.page
    member.link("Find a model").first.click()
    page.get_by_role("searchbox", name="Search models").fill("credit")
    member.button("Search").click()
    expect(page.locator(".found-count")).to_have_text("1 model")
    expect(page.locator(".result")).to_contain_text("No access")
    member.link(TITLE).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("No access")
    member.link("Request access").click()
    page.get_by_label("What for").fill(PURPOSE)
    member.button("Send request").click()
    expect(page).to_have_url(re.compile(f"{url}/requests/[0-9a-f-]{{36}}$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Pending")
    return page.url.rpartition("/")[2]


def approve(person: Person, meaning: str) -> None:
    """Answer the oldest request: read what is signed, confirm who one is, sign."""
    page = person.page
    person.go("/")
    expect(page.get_by_text("A request waits for your signed answer.")).to_be_visible()
    person.link("Answer the oldest").click()
    expect(page.locator(".signed").first).to_contain_text(PURPOSE)
    person.confirm()
    page.get_by_label("Approve").check()
    page.get_by_label("What your signature means").fill(meaning)
    person.button("Sign the answer").click()
    expect(page.get_by_role("list", name="From the asking to the end of the access")).to_contain_text(meaning)


def download_proof(auditor: Person, folder: Path) -> Path:
    """Take the proof away from the entry's page."""
    with auditor.page.expect_download() as waiting:
        auditor.link("Download the proof").click()
    file = folder / waiting.value.suggested_filename
    waiting.value.save_as(file)
    return file


def state_of(person: Person) -> Any:
    """Return the person's cookies, to open further pages as the same person."""
    return person.page.context.storage_state()
