"""Train the demo's models and write them as MLServer loads them, each with its model card.

Run by the serving environment's own Python (`python train.py FOLDER`), which has scikit-learn; this file
imports nothing of the project. Every random choice is seeded, so the same versions give the same models.

One version is one folder `FOLDER/NAME/VERSION` with `model.joblib`, `model-settings.json` and `card.json`.
"""

import hashlib
import json
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib  # type: ignore[import-not-found]
import numpy as np
import sklearn  # type: ignore[import-not-found]
from sklearn import datasets, metrics
from sklearn.ensemble import HistGradientBoostingClassifier  # type: ignore[import-not-found]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-not-found]
from sklearn.model_selection import train_test_split  # type: ignore[import-not-found]
from sklearn.pipeline import make_pipeline  # type: ignore[import-not-found]
from sklearn.preprocessing import StandardScaler  # type: ignore[import-not-found]
from sklearn.svm import SVC  # type: ignore[import-not-found]

SEED = 20240504
HELD_OUT = 0.25
CREDIT_ROWS = 6000
CREDIT_COLUMNS = ["income", "debt_ratio", "late_payments", "years_employed", "credit_lines", "amount"]


@dataclass(frozen=True)
class Table:
    """Rows of numbers, the class of each row, and the columns' names."""

    rows: Any
    classes: Any
    columns: list[str]


def generate_credit() -> Table:
    """A consumer-credit table whose outcome follows a logistic rule with noise."""
    draw = np.random.default_rng(SEED)
    income = draw.lognormal(3.6, 0.45, CREDIT_ROWS)
    debt = draw.beta(2.0, 4.0, CREDIT_ROWS)
    late = draw.poisson(0.6, CREDIT_ROWS).astype(float)
    years = draw.gamma(2.0, 3.0, CREDIT_ROWS)
    lines = draw.poisson(3.0, CREDIT_ROWS).astype(float)
    amount = draw.uniform(1.0, 50.0, CREDIT_ROWS)
    strain = 3.2 * debt + 0.9 * late - 0.09 * years + 0.6 * amount / income + 0.4 * late * debt - 2.6
    defaulted = draw.random(CREDIT_ROWS) < 1 / (1 + np.exp(-strain))
    return Table(
        np.column_stack([income, debt, late, years, lines, amount]), defaulted.astype(int), CREDIT_COLUMNS
    )


def shipped(load: Callable[[], Any]) -> Callable[[], Table]:
    """A reader of a data set that scikit-learn ships."""

    def read() -> Table:
        found = load()
        return Table(found.data, found.target, [str(name).replace(" ", "_") for name in found.feature_names])

    return read


TABLES: dict[str, Callable[[], Table]] = {
    "credit-default": generate_credit,
    "tumour-screen": shipped(datasets.load_breast_cancer),
    "wine-quality": shipped(datasets.load_wine),
    "digits": shipped(datasets.load_digits),
}

ESTIMATORS: dict[tuple[str, str], Callable[[], Any]] = {
    ("credit-default", "1"): lambda: make_pipeline(StandardScaler(), LogisticRegression(C=0.5)),
    ("credit-default", "2"): lambda: HistGradientBoostingClassifier(
        max_iter=80, learning_rate=0.06, max_leaf_nodes=12, random_state=SEED
    ),
    ("tumour-screen", "1"): lambda: make_pipeline(StandardScaler(), LogisticRegression(C=1.0)),
    ("wine-quality", "1"): lambda: make_pipeline(StandardScaler(), LogisticRegression(C=0.3)),
    ("digits", "1"): lambda: make_pipeline(StandardScaler(), SVC(C=4.0, gamma=0.01)),
}


def train_all(folder: Path) -> None:
    """Train every version named in models.toml beside this file and write it below `folder`."""
    words = tomllib.loads(Path(__file__).with_name("models.toml").read_text("utf-8"))
    for name, word in words.items():
        table = TABLES[name]()
        for version in word.pop("versions"):
            train_version(folder / name / version, name, version, table, word)


def train_version(folder: Path, name: str, version: str, table: Table, words: dict[str, str]) -> None:
    """Fit one version on three quarters of the rows, measure it on the rest, write its folder."""
    seen, held, seen_classes, held_classes = train_test_split(
        table.rows, table.classes, test_size=HELD_OUT, random_state=SEED, stratify=table.classes
    )
    model = ESTIMATORS[name, version]().fit(seen, seen_classes)
    folder.mkdir(parents=True)
    joblib.dump(model, folder / "model.joblib")
    card = {
        "name": name,
        "version": version,
        **{key: text.strip() for key, text in words.items()},
        "features": table.columns,
        "train_rows": len(seen),
        "test_rows": len(held),
        "metrics": list(measure(model, held, held_classes)),
        "framework": f"scikit-learn {sklearn.__version__}",
        "algorithm": type(model[-1] if hasattr(model, "steps") else model).__name__,
        "seed": SEED,
        "artifact_sha256": hashlib.sha256((folder / "model.joblib").read_bytes()).hexdigest(),
    }
    write_json(folder / "card.json", card)
    write_json(folder / "model-settings.json", settings(name, version, table, model))


def measure(model: Any, rows: Any, classes: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - untyped libraries
    """Metrics on held-out rows in basis points (1/100 of a percent), because cards hold no floats."""
    found = model.predict(rows)
    yield {"name": "accuracy", "basis_points": round(10_000 * metrics.accuracy_score(classes, found))}
    yield {
        "name": "macro_f1",
        "basis_points": round(10_000 * metrics.f1_score(classes, found, average="macro")),
    }
    if hasattr(model, "predict_proba") and len(model.classes_) == 2:  # noqa: PLR2004 - two classes
        area = metrics.roc_auc_score(classes, model.predict_proba(rows)[:, 1])
        yield {"name": "roc_auc", "basis_points": round(10_000 * area)}


def settings(name: str, version: str, table: Table, model: Any) -> dict[str, Any]:  # noqa: ANN401 - untyped library
    """MLServer's model-settings.json, with declared tensors so that its metadata shows them."""
    outputs = [{"name": "predict", "datatype": "INT64", "shape": [-1, 1]}]
    if hasattr(model, "predict_proba"):
        outputs.append({"name": "predict_proba", "datatype": "FP64", "shape": [-1, len(model.classes_)]})
    return {
        "name": name,
        "implementation": "mlserver_sklearn.SKLearnModel",
        "platform": "sklearn",
        "parameters": {"uri": "./model.joblib", "version": version},
        "inputs": [{"name": "rows", "datatype": "FP64", "shape": [-1, len(table.columns)]}],
        "outputs": outputs,
    }


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write `value` with sorted keys and a newline at the end."""
    path.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    train_all(Path(sys.argv[1]))
