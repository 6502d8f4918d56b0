"""A policy that decides can always be replaced: one that could not be is found before it decides."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from policy.bundles import RULES
from policy.recovery import UNANSWERED, UNASKED, UNPLANNED
from policy.testing import check

Edit = Callable[[dict[str, Any]], object]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(RULES, tmp_path / "rego")
    return tmp_path / "rego"


def edited(folder: Path, edit: Edit) -> list[str]:
    file = folder / "data.json"
    data = json.loads(file.read_text())
    edit(data["guildhall"])
    file.write_text(json.dumps(data))
    return [problem.message for problem in check(folder)]


def rows(data: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = data["changes"]["policy"]
    return found


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda data: data["changes"].pop("policy"), UNASKED),
        (lambda data: rows(data).update(asks=[]), UNASKED),
        (lambda data: rows(data).update(asks=["nobody"]), UNASKED),
        (lambda data: rows(data).update(answers=[]), UNPLANNED),
        (lambda data: rows(data).update(answers=[{"group": "nobody", "count": 1}]), UNPLANNED),
        (lambda data: data["answering"].remove("change.review"), UNANSWERED),
    ],
)
def test_what_could_not_be_replaced_is_found(folder: Path, edit: Edit, said: str) -> None:
    assert edited(folder, edit) == [said]


@pytest.mark.parametrize(
    "answers",
    [
        [{"group": "reviewer", "count": 3}],
        [{"group": "owner:risk", "count": 1}],
        [{"group": "owner:risk", "count": 2}, {"group": "reviewer", "count": 2}],
    ],
)
def test_a_stricter_one_can_be_replaced(folder: Path, answers: list[dict[str, Any]]) -> None:
    assert edited(folder, lambda data: rows(data).update(answers=answers, asks=["auditor"])) == []


def test_a_rule_that_counts_no_answer_is_found(folder: Path) -> None:
    file = folder / "guildhall/approval/plan.rego"
    text = file.read_text()
    assert 'review.decision == "approve"' in text
    file.write_text(text.replace('review.decision == "approve"', 'review.decision == "never"'))
    assert [problem.message for problem in check(folder)] == [UNANSWERED]
