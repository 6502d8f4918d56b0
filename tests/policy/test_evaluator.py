import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from policy.bundles import read_bundle
from policy.decision import UNDEFINED, Entrypoint
from policy.errors import BundleError, DeciderFailedError, DeciderTimeoutError
from policy.evaluator import Evaluator
from tests.ended import has_ended
from tests.patience import PATIENCE, eventually

ECHO = "package guildhall.x\n\necho := input.x\n\nconflict := 1 if input.a\n\nconflict := 2 if input.b\n"
ODD = """package guildhall.x

slow := count(numbers.range(1, 3000000))

missing if not net.cidr_contains("10.0.0.0/8", "10.0.0.1")

failing if not to_number(input.x) == 1
"""


@pytest.fixture
def echo() -> Iterator[Evaluator]:
    rules = ["guildhall/x/echo", "guildhall/x/conflict"]
    evaluator = Evaluator({"x.rego": ECHO}, rules, decision_seconds=PATIENCE)
    yield evaluator
    evaluator.close()


def test_it_starts_quickly_and_reports_the_revision_it_loaded() -> None:
    bundle = read_bundle()
    evaluator = Evaluator(bundle.files, list(Entrypoint), load_seconds=PATIENCE)
    took = psutil.Process(evaluator.pid).cpu_times().user
    evaluator.close()
    assert evaluator.revision == bundle.revision
    assert took < 3  # 0.1 s of a processor; the bound leaves room for a slow one


@pytest.mark.parametrize(
    "value",
    [
        "admin\x00evil",
        'quote " back \\ slash',
        "line\nbreak\ttab",
        "é ß 漢 🜲 \u2028",
        "",
        2**53 - 1,
        -(2**53) + 1,
        0,
        None,
        [],
        {},
        {"a": [1, {"b": None}]},
        [True, False],
        "x" * 100_000,
        "${x} {{x}} `x`",
    ],
)
def test_what_goes_in_comes_out_exactly(echo: Evaluator, value: object) -> None:
    assert echo.evaluate("guildhall/x/echo", {"x": value}) == value


def test_false_is_a_value_and_absence_is_none(echo: Evaluator) -> None:
    assert echo.evaluate("guildhall/x/echo", {"x": False}) is False
    assert echo.evaluate("guildhall/x/echo", {}) is UNDEFINED


def test_a_conflict_of_rules_is_an_error_and_the_next_question_is_answered(echo: Evaluator) -> None:
    with pytest.raises(DeciderFailedError):
        echo.evaluate("guildhall/x/conflict", {"a": True, "b": True})
    assert echo.evaluate("guildhall/x/conflict", {"a": True}) == 1


def test_an_unknown_entrypoint_is_an_error(echo: Evaluator) -> None:
    with pytest.raises(DeciderFailedError):
        echo.evaluate("guildhall/x/nothing", {})


def test_case_74_a_failing_builtin_under_not_is_an_error_never_true() -> None:
    evaluator = Evaluator({"x.rego": ODD}, ["guildhall/x/failing"], decision_seconds=PATIENCE)
    try:
        with pytest.raises(DeciderFailedError):
            evaluator.evaluate("guildhall/x/failing", {"x": "no number"})
    finally:
        evaluator.close()


def test_case_74_a_missing_builtin_under_not_is_never_true() -> None:
    evaluator = Evaluator({"x.rego": ODD}, ["guildhall/x/missing"], decision_seconds=PATIENCE)
    try:
        with pytest.raises(DeciderFailedError):
            evaluator.evaluate("guildhall/x/missing", {})
    finally:
        evaluator.close()


def test_case_73_a_policy_that_runs_too_long_is_killed() -> None:
    evaluator = Evaluator({"x.rego": ODD}, ["guildhall/x/slow"])
    with pytest.raises((DeciderTimeoutError, DeciderFailedError)):
        evaluator.evaluate("guildhall/x/slow", {})
    assert not evaluator.alive


def test_case_73_a_policy_that_takes_too_much_memory_is_ended() -> None:
    evaluator = Evaluator({"x.rego": ODD}, ["guildhall/x/slow"], decision_seconds=PATIENCE)
    with pytest.raises(DeciderFailedError):
        evaluator.evaluate("guildhall/x/slow", {})
    assert not evaluator.alive


def test_case_73_a_policy_that_takes_the_engine_down_is_refused_and_we_stand() -> None:
    crash = {
        "a.rego": "package guildhall.a\n\nf(x) := x\n\nr := f(1)\n",
        "b.rego": "package guildhall.b\n\nf(x, y) := x\n\nr := f(1, 2)\n",
    }
    with pytest.raises(BundleError):
        Evaluator(crash, ["guildhall/a/r"])


@pytest.mark.parametrize("text", ["package", "package guildhall.x\n\nr := {"])
def test_what_does_not_parse_is_a_bundle_error(text: str) -> None:
    with pytest.raises(BundleError):
        Evaluator({"x.rego": text}, ["guildhall/x/r"])


def test_it_dies_with_its_parent() -> None:
    script = (
        "import os, signal\n"
        "from policy.bundles import read_bundle\n"
        "from policy.evaluator import Evaluator\n"
        "made = Evaluator(read_bundle().files, ['guildhall/list/scope'], load_seconds=60)\n"
        "print(made.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = Path(__file__).parents[2]
    parent = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, check=False)
    assert parent.returncode == -signal.SIGKILL
    assert eventually(lambda: has_ended(int(parent.stdout)))


def test_a_stopped_engine_is_a_timeout_even_for_a_long_question() -> None:
    evaluator = Evaluator({"x.rego": ECHO}, ["guildhall/x/echo"], decision_seconds=0.2)
    os.kill(evaluator.pid, signal.SIGSTOP)
    with pytest.raises(DeciderTimeoutError):
        evaluator.evaluate("guildhall/x/echo", {"x": "x" * 1_000_000})
    assert eventually(lambda: has_ended(evaluator.pid))


def test_closing_twice_is_harmless(echo: Evaluator) -> None:
    echo.close()
    echo.close()
    with pytest.raises((DeciderFailedError, ValueError)):
        echo.evaluate("guildhall/x/echo", {})
