"""The embedded engine against a real OPA: generated questions, and not one answer that differs.

Both are handed many questions at once, OPA by a rule that answers each (`BATCH`). Plans and scopes are asked
for every tenth document, decisions for all.
"""

import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, Final
from urllib.request import Request, urlopen

from policy.bundles import read_bundle, write_bundle
from policy.decision import UNDEFINED, Entrypoint, Evaluation
from policy.evaluator import Evaluator
from tests.bench.result import Result, Row
from tests.contracts.test_decider import _comparable, generated, known_actions
from tests.real.opa import OpaServer

FULL: Final = 1_000_000
DOCUMENTS: Final = int(os.environ.get("GUILDHALL_SOAK_DOCUMENTS", FULL))
"""Fewer than the full size is red, and kept as what it is."""
SEED: Final = 20261130
AT_ONCE: Final = 250
EVERY: Final = 10
SECONDS: Final = 120.0
PROCESSES: Final = 2
SHOWN: Final = 5
BATCH: Final = """package guildhall.batch

decision[number] := answer if {
	some number, document in input.documents
	answer := data.guildhall.authz.decision with input as document
}

plan[number] := answer if {
	some number, document in input.documents
	answer := data.guildhall.approval.plan with input as document
}

scope[number] := answer if {
	some number, document in input.documents
	answer := data.guildhall.list.scope with input as document
}
"""


@dataclass
class Compared:
    """What was compared, and the first few documents that were answered in two ways."""

    decisions: int = 0
    allowed: int = 0
    others: int = 0
    differing: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, entrypoint: Entrypoint, document: object, ours: object, theirs: object) -> None:
        """Count one pair of answers."""
        if entrypoint is Entrypoint.DECISION:
            self.decisions += 1
            self.allowed += isinstance(ours, dict) and ours.get("allow") is True
        else:
            self.others += 1
        if _comparable(Evaluation(ours, "")) != _comparable(Evaluation(theirs, "")):
            self.differing += 1
            if len(self.examples) < SHOWN:
                answers = {"ours": str(ours), "opa": str(theirs)}
                self.examples.append(json.dumps({"asked": entrypoint, "document": document, **answers}))


@contextmanager
def batching_opa() -> Any:
    """Run OPA with the shipped bundle and the rule that answers many questions at once."""
    with tempfile.TemporaryDirectory() as scratch:
        bundle = Path(scratch) / "bundle"
        bundle.mkdir()
        write_bundle(bundle)
        (bundle / "batch.rego").write_text(BATCH, "utf-8")
        server = OpaServer(bundle)
        server.start()
        try:
            yield server.url
        finally:
            server.close()


def compare(url: str, count: int, seed: int = SEED, *, processes: int = PROCESSES) -> Compared:
    """Ask both engines `count` questions made from `seed`; OPA lives at `url`."""
    compared, bundle = Compared(), read_bundle()
    engines = [
        Evaluator(bundle.files, list(Entrypoint), load_seconds=60, decision_seconds=30)
        for _ in range(processes)
    ]
    try:
        with ThreadPoolExecutor(processes) as threads:
            chunks = _batched(_documents(count, seed))
            while turn := list(islice(chunks, processes)):
                asked = [threads.submit(_answers, *pair, url) for pair in zip(engines, turn, strict=False)]
                for chunk, done in zip(turn, asked, strict=True):
                    for place, entrypoint, ours, theirs in done.result():
                        compared.add(entrypoint, chunk[place], ours, theirs)
    finally:
        for engine in engines:
            engine.close()
    return compared


def _documents(count: int, seed: int) -> Iterable[Mapping[str, Any]]:
    random, actions = Random(seed), known_actions()  # noqa: S311 - the same documents in every run
    return (generated(random, actions) for _ in range(count))


def _batched(documents: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    given = iter(documents)
    while chunk := list(islice(given, AT_ONCE)):
        yield chunk


def _answers(
    engine: Evaluator, chunk: Sequence[Mapping[str, Any]], url: str
) -> list[tuple[int, Entrypoint, object, object]]:
    found = []
    for entrypoint in Entrypoint:
        places = range(0, len(chunk), 1 if entrypoint is Entrypoint.DECISION else EVERY)
        asked = [chunk[place] for place in places]
        theirs = _ask_opa(url, entrypoint, asked)
        given = [json.dumps(document) for document in asked]
        ours = engine.evaluate_many(entrypoint.value, given, seconds=SECONDS)
        found += [
            (place, entrypoint, answer, theirs.get(str(number), UNDEFINED))
            for number, (place, answer) in enumerate(zip(places, ours, strict=True))
        ]
    return found


def _ask_opa(url: str, entrypoint: Entrypoint, documents: Sequence[object]) -> Mapping[str, object]:
    rule = entrypoint.value.rpartition("/")[2]
    request = Request(  # noqa: S310 - loopback
        f"{url}/v1/data/guildhall/batch/{rule}?strict-builtin-errors=true",
        data=json.dumps({"input": {"documents": documents}}).encode(),
        headers={"content-type": "application/json"},
    )
    with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - loopback
        found = json.load(answer).get("result", {})
    return found if isinstance(found, dict) else {}


def measure() -> Result:
    """Compare as many as the issue asks for, and say how many were allowed, so that both answers occur."""
    with batching_opa() as url:
        found = compare(url, DOCUMENTS)
    for example in found.examples:
        print(example)  # noqa: T201 - what a person has to look into
    rows = [
        Row("generated questions decided by both engines", found.decisions, "questions", [], floor=FULL),
        Row("of them allowed", found.allowed, "questions", [], floor=DOCUMENTS // 50),
        Row("plans and scopes asked of both", found.others, "questions", []),
        Row("answers that differ", found.differing, "answers", [], 0, 0, lower_is_better=True),
    ]
    return Result("policy-differential", rows)
