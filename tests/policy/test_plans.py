"""What a company writes into the tables, and the plan that follows: groups, counts, clocks, or no answer."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from policy.bundles import read_bundle
from policy.decision import UNDEFINED, Entrypoint
from policy.evaluator import Evaluator
from tests.patience import PATIENCE

Asking = Callable[..., Any]
COMPANY = {
    "tiers": {
        "low": [{"group": "owner", "count": 1}, {"group": "reviewer", "count": 1}],
        "high": [{"group": "owner", "count": 1}, {"group": "reviewer", "count": 2}],
        "odd": [{"group": "nobody", "count": 1}],
    },
    "data_classes": {"special": [{"group": "owner:privacy", "count": 1}, {"group": "reviewer", "count": 3}]},
    "purposes": {"credit decisions": [{"group": "owner:law", "count": 1}]},
    "clocks": {
        "low": {"answer_hours": 24, "further": ["reviewer", "owner:office"]},
        "changes": {"answer_hours": 8, "further": ["owner"]},
    },
    "automatic": [{"tiers": ["low"], "data_classes": ["public"], "purposes": ["demo"], "most_days": 30}],
}
KINDS = {
    "publish": {
        "answers": [{"group": "reviewer", "count": 1}],
        "tiers": {"high": [{"group": "owner:risk-office", "count": 1}]},
    },
    "empty": {"answers": []},
}


@pytest.fixture(scope="module")
def asking() -> Iterator[Asking]:
    """Ask the shipped rules with the company's tables for the plan of a change."""
    files = dict(read_bundle().files)
    data = json.loads(files["data.json"])
    data["guildhall"] |= COMPANY
    data["guildhall"]["changes"] |= KINDS
    files["data.json"] = json.dumps(data)
    evaluator = Evaluator(files, list(Entrypoint), decision_seconds=PATIENCE)

    def ask(**change: Any) -> Any:
        about = {"kind": "access", "requester": "m", "tier": "low", "team": "risk", "reviews": []} | change
        return evaluator.evaluate(Entrypoint.PLAN, {"v": 1, "context": {"change": about}})

    yield ask
    evaluator.close()


def required(plan: Any) -> dict[str, int]:
    return {entry["group"]: entry["count"] for entry in plan["required"]}


def test_a_tier_names_groups_and_counts(asking: Asking) -> None:
    assert required(asking(tier="high")) == {"owner:risk": 1, "reviewer": 2}


def test_a_data_class_asks_further_teams_and_the_larger_count(asking: Asking) -> None:
    plan = asking(data_class="special")
    assert required(plan) == {"owner:risk": 1, "reviewer": 3, "owner:privacy": 1}
    assert plan["why"] == ["tier:low", "data_class:special"]


def test_a_purpose_asks_besides(asking: Asking) -> None:
    plan = asking(data_class="special", purpose="credit decisions")
    assert required(plan) == {"owner:risk": 1, "reviewer": 3, "owner:law": 1, "owner:privacy": 1}
    assert plan["why"][-1] == "purpose"


def test_another_kind_asks_more_of_a_tier(asking: Asking) -> None:
    assert required(asking(kind="publish", tier="low")) == {"reviewer": 1}
    assert required(asking(kind="publish", tier="high")) == {"reviewer": 1, "owner:risk-office": 1}


@pytest.mark.parametrize("change", [{"tier": "odd"}, {"tier": "new"}, {"kind": "empty"}, {"team": ""}])
def test_what_cannot_be_named_has_no_plan(asking: Asking, change: dict[str, str]) -> None:
    assert asking(**change) is UNDEFINED


def test_a_clock_says_until_when_and_who_then(asking: Asking) -> None:
    assert asking()["clock"] == {"answer_hours": 24, "further": ["reviewer", "owner:office"]}
    assert asking(kind="publish")["clock"] == {"answer_hours": 8, "further": ["owner:risk"]}
    assert asking(tier="high")["clock"] is None


@pytest.mark.parametrize(
    ("change", "automatic"),
    [
        ({}, True),
        ({"duration_days": 31}, False),
        ({"data_class": "internal"}, False),
        ({"purpose": "another"}, False),
        ({"tier": "high"}, False),
        ({"kind": "publish"}, False),
    ],
)
def test_what_was_agreed_goes_by_itself_and_nothing_else(
    asking: Asking, change: dict[str, Any], automatic: bool
) -> None:
    agreed = {"data_class": "public", "purpose": "demo", "duration_days": 30}
    assert asking(**agreed | change)["automatic"] is automatic


def test_what_is_shipped_lets_nothing_go_by_itself() -> None:
    assert json.loads(read_bundle().files["data.json"])["guildhall"]["automatic"] == []
