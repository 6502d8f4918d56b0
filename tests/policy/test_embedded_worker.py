import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from policy.bundles import revise
from policy.frames import HEADER_BYTES, LARGEST_FRAME, pack, read_frame, read_length

ROOT = Path(__file__).parents[2]
FILES = {"x.rego": "package guildhall.x\n\nr := input.x\n", "data.json": "{}"}


def converse(*messages: object) -> list[Any]:
    """Say everything at once, close, and read all answers."""
    done = subprocess.run(
        [sys.executable, "-m", "policy.embedded_worker"],
        input=b"".join(pack(message) for message in messages),
        capture_output=True,
        cwd=ROOT,
        check=True,
    )
    stream = io.BytesIO(done.stdout)
    answers: list[Any] = []
    while (answer := read_frame(stream)) is not None:
        answers.append(answer)
    return answers


LOAD = {"op": "load", "files": FILES, "entrypoints": ["guildhall/x/r"]}


def test_it_ends_when_its_parent_says_nothing_more() -> None:
    assert converse() == []


def test_it_loads_and_evaluates() -> None:
    asked = {"op": "evaluate", "entrypoint": "guildhall/x/r", "input": {"x": [1]}}
    assert converse(LOAD, asked) == [{"revision": revise(FILES)}, {"result": [1]}]


def test_before_a_load_there_is_no_answer() -> None:
    asked = {"op": "evaluate", "entrypoint": "guildhall/x/r", "input": {}}
    assert converse(asked) == [{"error": "policy_undefined"}]


def test_what_the_engine_prints_does_not_mix_with_answers() -> None:
    broken = {**LOAD, "files": {"x.rego": "package guildhall.x\n\nr := {\n"}}
    asked = {"op": "evaluate", "entrypoint": "guildhall/x/r", "input": {"x": 1}}
    answers = converse(broken, LOAD, asked)
    assert answers[0]["error"] == "policy_error"
    assert answers[1:] == [{"revision": revise(FILES)}, {"result": 1}]


def test_an_error_of_an_evaluation_never_tells_the_input() -> None:
    asked = {"op": "evaluate", "entrypoint": "guildhall/x/nothing", "input": {"x": "a secret"}}
    assert "a secret" not in str(converse(LOAD, asked))


def test_no_frame_is_longer_than_frames_may_be() -> None:
    with pytest.raises(ValueError, match="longer"):
        pack("x" * LARGEST_FRAME)
    with pytest.raises(ValueError, match="longer"):
        read_length(b"\xff" * HEADER_BYTES)


def test_it_refuses_to_run_beside_greenlet() -> None:
    script = "import greenlet, policy.embedded_worker as worker; worker.main()"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=False)
    assert (done.returncode, b"greenlet" in done.stderr) == (1, True)
