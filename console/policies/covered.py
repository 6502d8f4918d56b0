"""What a draft's tests run of its rules, as people read it: of the whole, of each file, rule and line."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from console.policies.checking import Report
from console.policies.forms import CoverageRead, FileCoverageRead, RuleCoverageRead
from policy.coverage import FileCoverage

State = Literal["plain", "ran", "partly", "missed"]
_RULE: Final = re.compile(r"^(?:default\s+)?([a-z_]\w*)")
_NO_RULES: Final = frozenset({"import", "package"})


@dataclass(frozen=True, slots=True)
class MarkedLine:
    """A line of a file of rules; `plain` is one that holds nothing to run."""

    number: int
    text: str
    state: State


def shown_coverage(report: Report, files: Mapping[str, str]) -> CoverageRead:
    """Return what a report says of coverage, or why there is none."""
    ran = sum(len(one.ran) for one in report.coverage)
    lines = sum(one.lines for one in report.coverage)
    return CoverageRead(
        percent=_percent(ran, lines) if report.coverage else None,
        ran=ran,
        lines=lines,
        files=[_shown_file(one, files.get(one.path, "")) for one in report.coverage],
        why=None if report.coverage else report.uncovered,
    )


def mark(text: str, found: FileCoverageRead) -> Sequence[MarkedLine]:
    """Return the lines of a file, each with whether the tests run it."""
    states: dict[int, State] = dict.fromkeys(found.ran, "ran")
    states |= dict.fromkeys(found.partly, "partly")
    states |= dict.fromkeys(found.missed, "missed")
    return [
        MarkedLine(number, line, states.get(number, "plain"))
        for number, line in enumerate(text.rstrip("\n").split("\n"), 1)
    ]


def _shown_file(found: FileCoverage, text: str) -> FileCoverageRead:
    return FileCoverageRead(
        path=found.path,
        percent=_percent(len(found.ran), found.lines),
        ran=list(found.ran),
        partly=list(found.partly),
        missed=list(found.missed),
        rules=_rules(text, sorted([*found.partly, *found.missed])),
    )


def _percent(part: int, whole: int) -> float:
    """Return a tenth of a percent at most below the truth, so that 100 means every line."""
    return math.floor(1000 * part / whole) / 10 if whole else 100.0


def _rules(text: str, lines: Iterable[int]) -> list[RuleCoverageRead]:
    heads = {
        number: found[1]
        for number, line in enumerate(text.split("\n"), 1)
        if (found := _RULE.match(line)) and found[1] not in _NO_RULES
    }
    rules: dict[int, list[int]] = {}
    for line in lines:
        rules.setdefault(max((head for head in heads if head <= line), default=0), []).append(line)
    return [RuleCoverageRead(rule=heads.get(head, ""), line=head, lines=each) for head, each in rules.items()]
