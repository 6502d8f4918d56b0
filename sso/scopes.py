"""The scope of a platform role: `all`, or a list of team names, kept as canonical text."""

import json
from collections.abc import Iterable
from typing import Literal

Scope = Literal["all"] | tuple[str, ...]

ALL: Literal["all"] = "all"


def read_scope(text: str) -> Scope:
    """Return the scope kept as `text`.

    Raises:
        ValueError: the text is neither `all` nor a JSON list of names.
    """
    if text == ALL:
        return ALL
    names = json.loads(text)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("A scope is `all` or a JSON list of team names.")
    return tuple(sorted(set(names)))


def write_scope(scope: Scope) -> str:
    """Return the canonical text of `scope`: sorted names, no spaces (RFC 8785 form)."""
    if isinstance(scope, str):
        return ALL
    return json.dumps(sorted(set(scope)), separators=(",", ":"), ensure_ascii=False)


def join_scopes(texts: Iterable[str]) -> str:
    """Return the canonical text of everything the scopes in `texts` cover together."""
    names: set[str] = set()
    for scope in map(read_scope, texts):
        if isinstance(scope, str):
            return ALL
        names.update(scope)
    return write_scope(tuple(names))
