"""Where in a policy's text a code comes from: the line that says `role:auditor`, `grant:…` or `no_grant`."""

import re
from collections.abc import Mapping

from console.explain.forms import Line
from policy.bundles import is_test


def lines_of(files: Mapping[str, str], code: str) -> list[Line]:
    """Return the lines that give this code, in the order of the files; none when no rule spells it out."""
    for wanted in (code, code.partition(":")[0]):
        spelled = re.compile(rf'"{re.escape(wanted)}"')
        found = [
            Line(file=name, number=number, text=text.strip())
            for name, content in sorted(files.items())
            if name.endswith(".rego") and not is_test(name)
            for number, text in enumerate(content.splitlines(), 1)
            if spelled.search(text) and _gives(text)
        ]
        if found:
            return found
    return []


def _gives(line: str) -> bool:
    """Say whether a line gives a code rather than compares with one."""
    text = line.strip()
    return not text.startswith("#") and bool(re.search(r" contains |:= \[|else := |^reasons :=", text))
