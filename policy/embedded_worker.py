"""The evaluator process: regopy behind a pipe. Started as ``python -m policy.embedded_worker``.

It is a process of its own because regopy leaks when greenlet was imported before it, answers wrongly when two
threads share an interpreter, and can be brought down by a policy. Requests are ``load``, ``evaluate`` and
``evaluate_many``.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

from policy.bundles import revise
from policy.embedded_input import EmbeddedInput, respell
from policy.frames import pack, read_frame

_MEBIBYTE: Final = 1024 * 1024
_MEMORY: Final = 512 * _MEBIBYTE
_PR_SET_PDEATHSIG: Final = 1


class Rules:
    """One loaded bundle: an interpreter of one thread and its compiled entrypoints."""

    def __init__(self, files: Mapping[str, str], entrypoints: list[str]) -> None:
        """Compile.

        Raises:
            regopy.RegoError: the rules do not parse or do not compile.
        """
        from regopy import Interpreter, RegoError, rego_shared  # noqa: PLC0415 - only this process may load it

        self.revision = revise(files)
        self._interpreter: Any = Interpreter()
        self._interpreter.strict_built_in_errors = True
        for name, text in files.items():
            if name.endswith(".rego"):
                self._interpreter.add_module(name, text)
        self._interpreter.add_data_json(respell(files.get("data.json", "{}")))
        self._bundle: Any = self._interpreter.build(None, entrypoints)
        if not self._bundle.ok():
            raise RegoError(str(self._bundle.node()))
        self._functions: Any = rego_shared
        self._input = EmbeddedInput(self._interpreter, rego_shared)

    def evaluate(self, entrypoint: str, document: object) -> dict[str, object]:
        """Return ``{"result"}``, ``{"undefined"}`` or ``{"error"}``; never the text of an engine's error."""
        self._input.set(document)
        found = self._ask(entrypoint)
        if found is None:
            return {"error": "policy_error"}
        if found == "undefined":
            return {"undefined": True}
        return {"result": json.loads(found)["expressions"][0]}

    def _ask(self, entrypoint: str) -> str | None:
        """Return the engine's answer as text, None for an error; regopy's ``Output`` would parse it twice."""
        regopy = self._functions
        handles = self._interpreter._impl, self._bundle._impl  # noqa: SLF001 - they have no other name
        output = regopy.rego_bundle_query_entrypoint(*handles, entrypoint)
        try:
            return str(regopy.rego_output_string(output)) if regopy.rego_output_ok(output) else None
        finally:
            regopy.rego_free_output(output)


def answer(rules: Rules | None, request: Mapping[str, Any]) -> tuple[Rules | None, dict[str, object]]:
    """Serve one request; the first element is the bundle to use from now on."""
    try:
        if request["op"] == "load":
            os.nice(request.get("politeness", 0))
            loaded = Rules(request["files"], request["entrypoints"])
            return loaded, {"revision": loaded.revision}
        if rules is None:
            return None, {"error": "policy_undefined"}
        if request["op"] == "evaluate_many":
            found = [_evaluate(rules, request["entrypoint"], text) for text in request["inputs"]]
            return rules, {"results": found}
        return rules, rules.evaluate(request["entrypoint"], request["input"])
    except Exception as error:  # noqa: BLE001 - the parent decides; this process only reports
        detail = str(error)[:2000] if request.get("op") == "load" else type(error).__name__
        return rules, {"error": "policy_error", "detail": detail}


def _evaluate(rules: Rules, entrypoint: str, text: str) -> dict[str, object]:
    try:
        return rules.evaluate(entrypoint, json.loads(text))
    except Exception:  # noqa: BLE001 - the others are still answered
        return {"error": "policy_error"}


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the other side closes."""
    rules: Rules | None = None
    while isinstance(request := read_frame(requests), dict):
        rules, reply = answer(rules, request)
        answers.write(pack(reply))
        answers.flush()


def confine() -> None:
    """Bound memory, dump no core, and die with the parent."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # regopy reserves 256 GiB of addresses when it loads; what matters is the growth from here.
    limit = _address_space() + _MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def main() -> None:
    """Take standard output for answers alone, since the engine prints its errors there, and serve."""
    import regopy  # noqa: F401, PLC0415 - loaded before the limits are set

    if "greenlet" in sys.modules:
        sys.exit("The evaluator must not load greenlet.")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    confine()
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
