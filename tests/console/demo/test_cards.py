import json
from pathlib import Path
from typing import Any

import pytest

from console.demo.cards import card_document, read_card

CARD: dict[str, Any] = {
    **dict.fromkeys(["title", "summary", "tier", "purpose", "data_class", "task", "licence"], "words"),
    **dict.fromkeys(["intended_use", "limits", "data", "framework", "algorithm"], "words"),
    "name": "credit-default",
    "version": "2",
    "team": "risk",
    "features": ["income", "amount"],
    "metrics": [{"name": "accuracy", "basis_points": 7347}],
    "train_rows": 4500,
    "test_rows": 1500,
    "seed": 1,
    "artifact_sha256": "ab" * 32,
}


def write(models: Path, card: dict[str, Any]) -> None:
    folder = models / "credit-default" / "2"
    folder.mkdir(parents=True)
    (folder / "card.json").write_text(json.dumps(card), "utf-8")


def test_a_card_is_read_by_upstream_name_and_version(tmp_path: Path) -> None:
    write(tmp_path, CARD)
    card = read_card(tmp_path, "credit-default", "2")
    assert card is not None
    assert (card.team, card.metrics, card.features) == ("risk", (("accuracy", 7347),), ("income", "amount"))
    assert card_document(tmp_path, "credit-default", "2") == CARD


@pytest.mark.parametrize(
    ("name", "version"),
    [("credit-default", "3"), ("other", "2"), ("../credit-default", "2"), ("credit-default", ".."), ("", "")],
)
def test_no_card_and_no_way_out_of_the_folder(tmp_path: Path, name: str, version: str) -> None:
    write(tmp_path, CARD)
    assert read_card(tmp_path / ".", name, version) is None
    assert card_document(tmp_path, name, version) is None


@pytest.mark.parametrize("change", [{"metrics": [{"name": "accuracy"}]}, {"surprise": 1}])
def test_a_broken_card_is_named(tmp_path: Path, change: dict[str, Any]) -> None:
    write(tmp_path, {**CARD, **change})
    with pytest.raises(ValueError, match=r"credit-default/2/card\.json cannot be used"):
        read_card(tmp_path, "credit-default", "2")


def test_a_card_without_a_field_says_which(tmp_path: Path) -> None:
    write(tmp_path, {name: value for name, value in CARD.items() if name != "licence"})
    with pytest.raises(ValueError, match="missing licence"):
        read_card(tmp_path, "credit-default", "2")
