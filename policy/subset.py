"""The portable subset of Rego: what both engines answer alike, found by running them side by side.

A rule file that leaves it is refused. Each refusal names a construct that one engine answers differently,
does not know, or breaks on; the list of built-ins is closed, so what nobody has compared is refused too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

BUILTINS: Final = frozenset(
    {
        "array.concat",
        "concat",
        "count",
        "is_array",
        "is_number",
        "is_string",
        "max",
        "min",
        "object.get",
        "sort",
        "startswith",
        "sum",
    }
)

ESCAPED: Final = "write the character itself: the embedded engine compares text as it is spelled"
_KEYWORDS: Final = frozenset(
    {"if", "not", "in", "with", "as", "some", "every", "contains", "else", "default"}
)
_CALL: Final = re.compile(r"(?<![\w.])([a-zA-Z_]\w*(?:\.\w+)*)\(")
_FUNCTION: Final = re.compile(r"^(?:default\s+)?([a-z_]\w*)\(", re.MULTILINE)
_IMPORT: Final = re.compile(r"^import\s+([\w.]+)(?:\s+as\s+(\w+))?", re.MULTILINE)
_PACKAGE: Final = re.compile(r"^package\s+([\w.]+)\s*$", re.MULTILINE)
_HEAD: Final = re.compile(r"^[a-z_][^\n]*\{\s*$")
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`')
_ESCAPE: Final = re.compile(r"(?<!\\)(?:\\\\)*\\[u/]")
_COMMENT: Final = re.compile(r"#[^\n]*")
_TOKEN: Final = re.compile(f"{_STRING.pattern}|{_COMMENT.pattern}")
_ONE_NAME: Final = re.compile(r"\s*[a-z_]\w*\s*")


@dataclass(frozen=True, slots=True)
class Problem:
    """A place where a rule file leaves the subset. ``line`` counts from 1; 0 speaks of the whole file."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


def lint(files: dict[str, str]) -> list[Problem]:
    """Return every place where the rules leave the subset. Files for OPA alone (``*_test.rego``) may."""
    rules = {path: _blank(text) for path, text in files.items() if _is_ours(path)}
    functions = {name for text in rules.values() for name in _FUNCTION.findall(text)}
    places = [
        Problem(path, line, message)
        for path, text in sorted(rules.items())
        for line, message in _lint_file(text, functions)
    ]
    places += [Problem(path, line, ESCAPED) for path in sorted(rules) for line in _escaped(files[path])]
    return places + _lint_names(rules, functions)


def _lint_file(text: str, functions: set[str]) -> Iterator[tuple[int, str]]:
    yield from _lint_package(text)
    yield from _lint_calls(text, functions)
    yield from _lint_comprehensions(text)
    for number, line in enumerate(text.split("\n"), start=1):
        if re.search(r"\bwith\b", line):
            yield number, "`with` belongs in *_test.rego alone: it can abort the embedded engine"
        if _HEAD.match(line) and not re.search(r"\bif\b|\bcontains\b|:=|^else\b|^import\b", line):
            yield number, "a rule head needs `if` or `contains`"
        if re.search(r"\bopa\.runtime\b|\binput\.\$|\bevery\b", line):
            yield number, "a construct outside the portable subset"
        if re.search(r"\|.*\bsome\b[^|]*,[^|]*\bin\b", line):
            yield number, "`some key, value in` does not parse inside a comprehension"


def _lint_names(rules: dict[str, str], functions: set[str]) -> list[Problem]:
    """Two packages with a function of one name but other arguments crash the embedded engine."""
    homes: dict[str, set[str]] = {name: set() for name in functions}
    for text in rules.values():
        package = _PACKAGE.search(text)
        for name in _FUNCTION.findall(text):
            homes[name].add(package.group(1) if package else "")
    shared = sorted(name for name, packages in homes.items() if len(packages) > 1)
    return [Problem(".", 0, f"the function `{name}` has homes in several packages") for name in shared]


def _is_ours(path: str) -> bool:
    return path.endswith(".rego") and not path.endswith("_test.rego")


def _lint_package(text: str) -> Iterator[tuple[int, str]]:
    package = _PACKAGE.search(text)
    if package is None or package.group(1).split(".")[0] != "guildhall":
        yield 1, "the package is not under guildhall"


def _lint_calls(text: str, functions: set[str]) -> Iterator[tuple[int, str]]:
    aliases = {alias or path.rpartition(".")[2] for path, alias in _IMPORT.findall(text)}
    for call in _CALL.finditer(text):
        name = call.group(1)
        root, _, last = name.rpartition(".")
        ours = last in functions and (root == "" or root in aliases or root.startswith("data.guildhall."))
        if not ours and name not in BUILTINS and name not in _KEYWORDS:
            yield _line(text, call.start()), f"`{name}` is not in the list of built-ins"


def _lint_comprehensions(text: str) -> Iterator[tuple[int, str]]:
    """In regopy a function's argument used only in a comprehension's head drops elements without a word."""
    opened: list[int] = []
    for place, sign in enumerate(text):
        if sign in "[{(":
            opened.append(place)
        elif sign in "]})" and opened:
            opened.pop()
        elif sign == "|" and not (opened and _ONE_NAME.fullmatch(text, opened[-1] + 1, place)):
            yield _line(text, place), "the head of a comprehension is one variable, bound in its body"


def _escaped(text: str) -> Iterator[int]:
    for found in _TOKEN.finditer(text):
        if found.group().startswith('"') and _ESCAPE.search(found.group()):
            yield _line(text, found.start())


def _blank(text: str) -> str:
    """Return the text with strings emptied and comments cut, its lines kept."""
    emptied = _STRING.sub(lambda found: '""' + "\n" * found.group().count("\n"), text)
    return _COMMENT.sub("", emptied)


def _line(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1
