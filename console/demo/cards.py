"""Read the model cards that training left beside the artifacts.

The console learns which models exist from the cluster alone; a card only adds words and measured numbers to
what was discovered under the same (upstream name, upstream version).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

# An upstream name comes from a server we do not trust: nothing that could leave the folder.
SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")


@dataclass(frozen=True)
class Card:
    """A model card: words by its authors, numbers measured when it was trained.

    `metrics` are (name, basis points) on held-out rows; `artifact_sha256` is lower-case hex of the artifact's
    file; `intended_use`, `limits` and `data` are Markdown.
    """

    name: str
    version: str
    team: str
    title: str
    summary: str
    tier: str
    purpose: str
    data_class: str
    task: str
    licence: str
    intended_use: str
    limits: str
    data: str
    features: tuple[str, ...]
    metrics: tuple[tuple[str, int], ...]
    train_rows: int
    test_rows: int
    framework: str
    algorithm: str
    seed: int
    artifact_sha256: str


def read_card(models: Path, name: str, version: str) -> Card | None:
    """The card of one version in a models folder, or None when it has none.

    Raises:
        ValueError: there is a card, and it is not one (the message names the file and what is wrong).
    """
    if not (SAFE.fullmatch(name) and SAFE.fullmatch(version)):
        return None
    path = models / name / version / "card.json"
    try:
        return _parse(json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"The model card {name}/{version}/card.json cannot be used: {error}") from error


def card_document(models: Path, name: str, version: str) -> dict[str, Any] | None:
    """The same card as the plain document it was written as, for keeping as canonical text."""
    if read_card(models, name, version) is None:
        return None
    document: dict[str, Any] = json.loads((models / name / version / "card.json").read_text("utf-8"))
    return document


def _parse(document: dict[str, Any]) -> Card:
    metrics = tuple((str(metric["name"]), int(metric["basis_points"])) for metric in document["metrics"])
    given = {**document, "metrics": metrics, "features": tuple(document["features"])}
    missing = {part.name for part in fields(Card)} - given.keys()
    if missing:
        raise ValueError(f"missing {', '.join(sorted(missing))}")
    return Card(**given)
