"""The embedded decider: the same Rego, evaluated in a process of its own, replaced when it misbehaves."""

import asyncio
import functools
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from policy.bundles import Bundle, read_bundle
from policy.decision import Document, Entrypoint, Evaluation
from policy.errors import BundleError, DeciderFailedError, DeciderTimeoutError
from policy.evaluator import DECISION_SECONDS, LOAD_SECONDS, Evaluator

QUEUE_SECONDS: Final = 2.0
RECYCLE_AFTER: Final = 100_000


class EmbeddedDecider:
    """Answers from one evaluator process, one request at a time, whatever task or loop asks.

    A thread of its own owns the process: a caller that gives up cannot leave half an exchange behind.
    """

    name = "embedded"

    def __init__(
        self,
        bundle: Bundle | None = None,
        *,
        decision_seconds: float = DECISION_SECONDS,
        load_seconds: float = LOAD_SECONDS,
        queue_seconds: float = QUEUE_SECONDS,
    ) -> None:
        self.bundle = bundle or read_bundle()
        self._decision_seconds = decision_seconds
        self._load_seconds = load_seconds
        self._queue_seconds = queue_seconds
        self._evaluator: Evaluator | None = None
        self._thread: ThreadPoolExecutor | None = ThreadPoolExecutor(1, thread_name_prefix="policy")

    @property
    def pid(self) -> int | None:
        """The evaluator's process id, None while there is none."""
        return self._evaluator.pid if self._evaluator else None

    async def evaluate(self, entrypoint: Entrypoint, document: Document) -> Evaluation:
        """Evaluate one entrypoint; see ``policy.decision.Decider``."""
        return await self._run(entrypoint, document)

    @property
    def revision(self) -> str:
        """The revision it answers from; see ``policy.decision.Holds``."""
        return self.bundle.revision

    async def hold(self, bundle: Bundle) -> None:
        """Answer from another bundle once it is compiled; see ``policy.decision.Holds``."""
        if self._thread is None:
            raise BundleError("The embedded engine is closed.")
        await asyncio.get_running_loop().run_in_executor(self._thread, self._hold, bundle)

    async def ping(self) -> None:
        """Return when the engine gives an answer of any kind; see ``policy.decision.Decider``."""
        await self._run(Entrypoint.SCOPE, {})

    async def close(self) -> None:
        """Kill the process and end the thread."""
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.get_running_loop().run_in_executor(thread, self._retire)
            thread.shutdown(wait=True)

    async def _run(self, entrypoint: Entrypoint, document: Document) -> Evaluation:
        if self._thread is None:
            raise DeciderFailedError("The embedded engine is closed.")
        work = functools.partial(self._evaluate, entrypoint, document, time.monotonic())
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _evaluate(self, entrypoint: Entrypoint, document: Document, asked: float) -> Evaluation:
        if time.monotonic() - asked > self._queue_seconds:
            raise DeciderTimeoutError("Too many decisions wait for the embedded engine.")
        evaluator = self._ready()
        return Evaluation(evaluator.evaluate(entrypoint.value, document), evaluator.revision)

    def _ready(self) -> Evaluator:
        if self._evaluator is not None and self._evaluator.served >= RECYCLE_AFTER:
            self._retire()
        if self._evaluator is None or not self._evaluator.alive:
            self._retire()
            self._evaluator = self._start(self.bundle)
        return self._evaluator

    def _hold(self, bundle: Bundle) -> None:
        if bundle.revision != self.bundle.revision:
            fresh = self._start(bundle)
            self._retire()
            self.bundle, self._evaluator = bundle, fresh

    def _start(self, bundle: Bundle) -> Evaluator:
        return Evaluator(
            bundle.files,
            list(Entrypoint),
            load_seconds=self._load_seconds,
            decision_seconds=self._decision_seconds,
        )

    def _retire(self) -> None:
        if self._evaluator is not None:
            self._evaluator.close()
            self._evaluator = None
