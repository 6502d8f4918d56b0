"""Decisions of the past, taken again under a candidate: which would come out differently, and how.

Inputs go to two evaluator processes in batches, and the same question to the last byte is asked once. A
candidate that takes an evaluator down, or does not come to an end, is asked one by one, so that the other
questions still get their answers; when it does so too often it is given up.
"""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from queue import SimpleQueue
from threading import Lock
from typing import Any, Final
from uuid import UUID

from policy.bundles import Bundle
from policy.canonical import canonical
from policy.decide import conclude
from policy.decision import Decision, Document, Entrypoint, Query
from policy.errors import BundleError, DeciderFailedError, DeciderTimeoutError, MalformedDocumentError
from policy.evaluator import FAILED, Evaluator

PROCESSES: Final = 2
BATCH: Final = 200
PIECE: Final = BATCH * PROCESSES * 4
"""How many decisions are best taken again at once."""
BATCH_SECONDS: Final = 20.0
ALONE_SECONDS: Final = 2.0
MOST_FAILURES: Final = 5
MOST_KEPT: Final = 20_000
GIVEN_UP: Final = "The candidate took the engine down, or did not come to an end, too often."


@dataclass(frozen=True, slots=True)
class Past:
    """One decision that was taken: the entry that carries it, its input, and what came out."""

    entry: UUID
    document: Document
    allow: bool
    reasons: tuple[str, ...]

    @property
    def query(self) -> Query:
        """The question that was asked."""
        said: Mapping[str, Any] = self.document
        return Query(
            subject=said["subject"],
            action=said["action"],
            resource=said["resource"],
            grants=tuple(said["grants"]),
            context=said["context"],
        )


@dataclass(frozen=True, slots=True)
class Again:
    """A past decision, and what the candidate says to the same question.

    Attributes:
        answered: whether an engine came to an end with it; if not, what it would say is not known.
    """

    past: Past
    decision: Decision
    answered: bool = True

    @property
    def flipped(self) -> bool:
        """Whether it comes out differently: the answer, or its reasons."""
        return (self.past.allow, self.past.reasons) != (self.decision.allow, self.decision.reasons)


class Replayer:
    """Takes decisions again under one candidate, piece by piece, in processes that nobody else uses.

    For one thread at a time. What it keeps between pieces is bounded.
    """

    def __init__(self, candidate: Bundle, *, processes: int = PROCESSES, politeness: int = 0) -> None:
        """Compile the candidate. ``politeness`` is how far its processes stand back for others (``nice``).

        Raises:
            BundleError: it does not compile.
        """
        self._engines = _Engines(candidate, processes, politeness)
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="replay")
        self._known: dict[bytes, object] = {}

    def again(self, pasts: Sequence[Past]) -> list[Again]:
        """Return every past decision with the candidate's, in their order.

        Raises:
            BundleError: the candidate was given up.
        """
        if len(self._known) > MOST_KEPT:
            self._known.clear()
        texts = [_text(past) for past in pasts]
        self._ask([text for text in dict.fromkeys(texts) if text is not None])
        return [self._conclude(past, text) for past, text in zip(pasts, texts, strict=True)]

    def close(self) -> None:
        """Kill the processes."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._engines.close()

    def _ask(self, texts: Sequence[str]) -> None:
        asked = [text for text in texts if _key(text) not in self._known]
        batches = [asked[first : first + BATCH] for first in range(0, len(asked), BATCH)]
        results = [one for found in self._threads.map(self._engines.ask, batches) for one in found]
        self._known.update(zip(map(_key, asked), results, strict=True))

    def _conclude(self, past: Past, text: str | None) -> Again:
        result = FAILED if text is None else self._known[_key(text)]
        decision = conclude(past.query, result, revision=self._engines.revision, engine="embedded")
        return Again(past, decision, answered=result is not FAILED)


def replay(candidate: Bundle, pasts: Iterable[Past], *, processes: int = PROCESSES) -> Iterator[Again]:
    """Yield every past decision with the candidate's, in their order.

    Raises:
        BundleError: the candidate does not compile, or was given up.
    """
    with contextlib.closing(Replayer(candidate, processes=processes)) as replayer:
        source = iter(pasts)
        while piece := list(islice(source, PIECE)):
            yield from replayer.again(piece)


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _text(past: Past) -> str | None:
    """Return an input as an engine takes it; one that no engine would have been given is None."""
    try:
        return canonical(past.document).decode()
    except MalformedDocumentError:
        return None


class _Engines:
    """Evaluators of one candidate that threads take turns with; one that died is started anew."""

    def __init__(self, candidate: Bundle, count: int, politeness: int) -> None:
        self.revision = candidate.revision
        self._files = candidate.files
        self._politeness = politeness
        self._failures = 0
        self._changing = Lock()
        self._free: SimpleQueue[Evaluator] = SimpleQueue()
        self._all: set[Evaluator] = set()
        try:
            for _ in range(count):
                self._free.put(self._start())
        except BundleError:
            self.close()
            raise

    def ask(self, inputs: Sequence[str]) -> list[object]:
        """Return the result of each input, FAILED where there is none."""
        engine = self._free.get()
        try:
            return engine.evaluate_many(Entrypoint.DECISION, inputs, seconds=BATCH_SECONDS)
        except (DeciderFailedError, DeciderTimeoutError):
            engine = self._anew(engine)
        finally:
            self._free.put(engine)
        return [self._alone(text) for text in inputs]

    def close(self) -> None:
        for engine in self._all:
            engine.close()

    def _alone(self, text: str) -> object:
        engine = self._free.get()
        try:
            return engine.evaluate_many(Entrypoint.DECISION, [text], seconds=ALONE_SECONDS)[0]
        except (DeciderFailedError, DeciderTimeoutError):
            engine = self._anew(engine)
            return FAILED
        finally:
            self._free.put(engine)

    def _anew(self, dead: Evaluator) -> Evaluator:
        """Return another in the place of one that died; once given up, each that is asked ends here.

        The dead one then stays among the free, so that no thread waits for one for ever.
        """
        dead.close()
        with self._changing:
            self._all.discard(dead)
            self._failures += 1
            if self._failures > MOST_FAILURES:
                raise BundleError(GIVEN_UP)
            return self._start()

    def _start(self) -> Evaluator:
        engine = Evaluator(self._files, list(Entrypoint), politeness=self._politeness)
        self._all.add(engine)
        return engine
