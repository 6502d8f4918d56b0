"""Every query by which a line of the regulations is evidenced is asked as it stands there, and answered."""

import re
from pathlib import Path
from typing import Any

import pytest

from docs.commands import sections
from tests.console.visitor import visit

pytestmark = pytest.mark.slow  # each builds an installation
QUOTED = re.compile(r"`([^`]+)`")
SEARCH = re.compile(r"guildhall audit search '([^']+)'")
MEANT = {"who": "member", "model": "risk.credit-default"}
"""What stands for the three dots of a parameter."""


@pytest.fixture(scope="module")
def queries() -> list[list[str]]:
    """What each line quotes in the column of its query."""
    text = (Path(__file__).parents[3] / "docs/reference/regulations.md").read_text()
    cells = [line.split(" | ")[-2] for line in text.splitlines() if line.startswith("| ")][1:]
    return [QUOTED.findall(cell) for cell in cells]


def filled(address: str) -> str:
    return re.sub(r"(\w+)=…", lambda found: f"{found[1]}={MEANT[found[1]]}", address)


def test_each_line_has_one_and_each_is_of_a_kind_that_is_tried(queries: list[list[str]]) -> None:
    assert len(queries) > 10
    assert [quoted for quoted in queries if not quoted] == []
    kinds = ("guildhall ", "GET /api/v1/", "/")
    assert [one for quoted in queries for one in quoted if not one.startswith(kinds)] == []


async def test_what_is_asked_of_the_api_and_of_pages_is_answered(
    queries: list[list[str]], api: Any, token_for: Any, services: Any, catalog: object
) -> None:
    auditor = visit(services)
    await auditor.sign_in("auditor")
    headers = {"authorization": f"Bearer {token_for('auditor')}"}
    asked = {filled(one) for quoted in queries for one in quoted if not one.startswith("guildhall ")}
    told = {}
    for one in sorted(asked):
        path = one.removeprefix("GET /api/v1")
        sent = api.get(path, headers=headers) if path != one else auditor.client.get(path)
        told[one] = (await sent).status_code
    assert told == dict.fromkeys(asked, 200)


async def test_each_search_is_one_that_the_log_answers(
    queries: list[list[str]], api: Any, token_for: Any, catalog: object
) -> None:
    headers = {"authorization": f"Bearer {token_for('auditor')}"}
    searches = {found[1] for quoted in queries for one in quoted if (found := SEARCH.fullmatch(one))}
    assert len(searches) > 5
    told = {}
    for one in sorted(searches):
        told[one] = (await api.get("/audit/events", params={"q": one}, headers=headers)).status_code
    assert told == dict.fromkeys(searches, 200)


def test_each_command_is_there(queries: list[list[str]]) -> None:
    usages = [usage for usage, _, _ in sections()]
    commands = {one for quoted in queries for one in quoted if one.startswith("guildhall ")}
    names = {" ".join(one.split()[:3]) for one in commands}
    assert [name for name in names if not any(usage.startswith(f"{name} ") for usage in usages)] == []
