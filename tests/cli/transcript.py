"""Runs the console blocks of a page as a newcomer would: one shell, the commands in order, what they show."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROMPT = "$ "
PLACEHOLDER = re.compile(r"…|\$[A-Z]+")
END = "end-of-the-command"
SEARCH = "guildhall audit search"
AGAIN = "Try again "
COMMAND_SECONDS = 120.0
SETTLED_SECONDS = 60.0


@dataclass(frozen=True)
class Step:
    """A command, and the lines a reader is told to expect."""

    command: str
    expected: tuple[str, ...]


def steps(page: str) -> Iterator[Step]:
    """Yield the commands of all console blocks in order."""
    for block in BLOCK.findall(page):
        for told in f"\n{block}".split(f"\n{PROMPT}")[1:]:
            command, *expected = told.splitlines()
            yield Step(command, tuple(expected))


def explain_difference(expected: tuple[str, ...], shown: str, known: dict[str, str]) -> str | None:
    """Compare what was shown; None when it fits, and then `known` has the placeholders of this output.

    `…` is anything within a line, and any number of lines when it stands alone; spaces count as one.
    `$NAME` is one word, the same wherever it stands.
    """
    lines = [_spaced(line) for line in expected]
    pattern = "".join(r"(?:.*\n)*?" if line == "…" else f"{_pattern(line)}\n" for line in lines)
    text = "".join(f"{_spaced(line)}\n" for line in shown.splitlines())
    fits = re.fullmatch(_named_once(pattern), text)
    if fits is None or any(known.get(name, value) != value for name, value in fits.groupdict().items()):
        return f"expected:\n{chr(10).join(expected)}\nshown:\n{shown}\nknown: {known}"
    known |= fits.groupdict()
    return None


def _spaced(line: str) -> str:
    return " ".join(line.split())


def _pattern(line: str) -> str:
    parts, at = [], 0
    for found in PLACEHOLDER.finditer(line):
        parts.append(re.escape(line[at : found.start()]))
        parts.append(r".*?" if found[0] == "…" else rf"(?P<{found[0][1:]}>\S+)")
        at = found.end()
    return "".join((*parts, re.escape(line[at:])))


def _named_once(pattern: str) -> str:
    seen: set[str] = set()

    def again(found: re.Match[str]) -> str:
        first = found[1] not in seen
        seen.add(found[1])
        return found[0] if first else f"(?P={found[1]})"

    return re.sub(r"\(\?P<([A-Z]+)>\\S\+\)", again, pattern)


class Shell:
    """One shell in a folder: variables last from command to command; both outputs are one."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=COMMAND_SECONDS)

    def run(self, command: str) -> str:
        """Return what a command shows."""
        source, sink = self._process.stdin, self._process.stdout
        assert source is not None
        assert sink is not None
        # The end is told without losing how the command ended, which the next one may ask.
        source.write(f"{command}\nended=$?; echo; echo {END}; (exit $ended)\n")
        source.flush()
        shown: list[str] = []
        for line in sink:
            if line == f"{END}\n":
                return "".join(shown).rstrip("\n")
            shown.append(line)
        raise AssertionError(f"the shell ended at: {command}\n{''.join(shown)}")

    def follow(self, page: str) -> None:
        """Run every step of a page.

        A search for what has just happened may be asked again, and so may what says itself that it may.
        """
        known: dict[str, str] = {}
        for step in steps(page):
            deadline = time.monotonic() + SETTLED_SECONDS
            while why := explain_difference(step.expected, shown := self.run(step.command), known):
                again = step.command.startswith(SEARCH) or AGAIN in shown
                assert again, f"{step.command}\n{why}"
                assert time.monotonic() < deadline, f"{step.command}\n{why}"
