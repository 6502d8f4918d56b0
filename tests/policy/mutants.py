"""Mutants of the shipped policies: one comparison flipped, one negation taken away, or one rule dropped."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

FLIPS: Final = {"==": "!=", "!=": "==", "<=": "<", ">=": ">", "<": "<=", ">": ">="}
_COMPARISON: Final = re.compile(r"(?<=[\w\"\])}] )(==|!=|<=|>=|<|>)(?= )")
_NEGATION: Final = re.compile(r"\bnot (?=\w)")
_HEAD: Final = re.compile(r"^[a-z_]\w*.*(?::=|\bif\b|\bcontains\b)")
_TEXT: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_TESTS: Final = ("_cases.rego", "_test.rego")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A file with one thing changed; `line` counts from 1."""

    path: str
    line: int
    what: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


def mutants(files: Mapping[str, str]) -> list[Mutant]:
    """Return every mutant of the rules, tests left out, in the order of files and lines."""
    rules = {path: text for path, text in sorted(files.items()) if path.endswith(".rego")}
    return [
        found
        for path, text in rules.items()
        if not path.endswith(_TESTS)
        for found in (*_flipped(path, text), *_dropped(path, text))
    ]


def _flipped(path: str, text: str) -> Iterator[Mutant]:
    for number, line in enumerate(text.split("\n")):
        code = _TEXT.sub(lambda found: "_" * len(found.group()), line).partition("#")[0]
        for found in _COMPARISON.finditer(code):
            other = FLIPS[found.group()]
            changed = line[: found.start()] + other + line[found.end() :]
            told = f"{found.group()} becomes {other} in `{line.strip()}`"
            yield Mutant(path, number + 1, told, _with_line(text, number, changed))
        for found in _NEGATION.finditer(code):
            changed = line[: found.start()] + line[found.end() :]
            told = f"a negation is gone in `{line.strip()}`"
            yield Mutant(path, number + 1, told, _with_line(text, number, changed))


def _with_line(text: str, number: int, changed: str) -> str:
    lines = text.split("\n")
    lines[number] = changed
    return "\n".join(lines)


def _dropped(path: str, text: str) -> Iterator[Mutant]:
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if _HEAD.match(line) and not line.startswith(("package", "import")):
            end = _end(lines, number)
            rest = "\n".join([*lines[:number], *lines[end + 1 :]])
            yield Mutant(path, number + 1, f"the rule `{line.strip()}` is gone", rest)


def _end(lines: list[str], first: int) -> int:
    """Return the last line of the rule that begins at `first`: where what it opened is closed again."""
    depth = 0
    for number in range(first, len(lines)):
        code = _TEXT.sub("", lines[number].partition("#")[0])
        depth += sum(code.count(sign) for sign in "{[(") - sum(code.count(sign) for sign in "}])")
        if depth == 0:
            return number
    return len(lines) - 1
