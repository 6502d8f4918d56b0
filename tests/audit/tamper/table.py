"""The table of ways to tamper: each a function's name, with the letters of those who must notice.

F: the offline verifier · C: an auditor who kept checkpoints · W: a witness · E: the deep comparison with
Elasticsearch · S: the worker when it starts.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.audit.tamper.scene import Scene

Change = Callable[[Scene], Awaitable[None]]


@dataclass(frozen=True)
class Case:
    """One way to tamper, and the letters of those who must notice."""

    change: Change
    noticed_by: str


CASES: dict[str, Case] = {}


def case(noticed_by: str) -> Callable[[Change], Change]:
    """Enter a way to tamper into the table, under its function's name."""

    def enter(change: Change) -> Change:
        CASES[change.__name__] = Case(change, noticed_by)
        return change

    return enter


def other(head: bytes) -> bytes:
    """The same entry, telling something else."""
    return head.replace(b'"success"', b'"failure"')
