"""Documents do not drift: what the code declares is listed, and what the lists name is there."""

import re
from pathlib import Path

import pytest

from audit.events import Action
from audit.query import Prefix, parse
from docs import generate, licences
from docs.licences import LOCKS, Part, locked
from policy.permissions import Permission

PARTS = ("Status", "Context", "Decision", "Consequences", "Alternatives and what enforces it")
SEARCH = re.compile(r"guildhall audit search '([^']+)'")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("name", generate.PAGES)
def test_a_generated_page_is_up_to_date(root: Path, name: str) -> None:
    assert (root / "docs" / name).read_text() == generate.PAGES[name](), "run `make docs`"


def test_every_permission_and_action_is_listed(root: Path) -> None:
    permissions = (root / "docs/reference/permissions.md").read_text()
    events = (root / "docs/reference/events.md").read_text()
    assert [right for right in Permission if f"`{right.value}`" not in permissions] == []
    assert [action for action in Action if f"`{action.value}`" not in events] == []


def test_every_locked_part_has_its_licence(root: Path) -> None:
    rows = filter(None, map(licences.ROW.match, (root / "docs/licences.md").read_text().splitlines()))
    listed = {Part(row[1], row[2]) for row in rows}
    wanted = {part for lock in LOCKS for part in locked(root / lock)}
    assert wanted | {part for part, _ in licences.front_end()} <= listed


def test_a_decision_has_five_parts_and_one_quotable_line(root: Path) -> None:
    for page in sorted((root / "docs/decisions").glob("0*.md")):
        text = page.read_text()
        assert tuple(re.findall(r"^## (.+)$", text, re.MULTILINE)) == PARTS, page.name
        assert len(re.findall(r"^> .+$", text, re.MULTILINE)) == 1, page.name


def test_the_query_of_each_regulation_is_one_and_asks_for_acts_there_are(root: Path) -> None:
    asked = SEARCH.findall((root / "docs/reference/regulations.md").read_text())
    assert len(asked) > 5
    acts = [term.value for text in asked for term in parse(text) if term.field == "action"]
    begins = [one.start for one in acts if isinstance(one, Prefix)]
    exact = [one for one in acts if not isinstance(one, Prefix)]
    assert set(exact) <= {action.value for action in Action}
    assert [one for one in begins if not any(action.value.startswith(one) for action in Action)] == []


def test_links_between_documents_lead_somewhere(root: Path, committed: list[Path]) -> None:
    pages = [path for path in committed if path.suffix == ".md"]
    broken = [
        f"{page}: {link}"
        for page in pages
        for link in LINK.findall((root / page).read_text())
        if not (root / page.parent / link).exists()
    ]
    assert broken == []


def test_a_change_has_a_fragment_that_towncrier_knows(root: Path) -> None:
    kinds = {"feature", "bugfix", "doc", "removal", "misc"}
    fragments = [path.name for path in (root / "docs/changelog.d").iterdir() if path.suffix == ".md"]
    assert [name for name in fragments if name.split(".")[-2] not in kinds] == []
