"""Which fields of its question an answer rests on: declared by the bundle, and signed with it.

``data.guildhall.depends`` names for an action the members of the input that its decision may rest on, as
paths such as ``subject.id`` or ``grants``. Time is never among them: ``valid_until`` says when time alone
makes the answer another one. An action that is not declared is asked anew each time.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from policy.bundles import Bundle

_FIELD: Final = re.compile(r"(?:v|action|subject|resource|grants|context)(?:\.[a-z_]+)*")


def read_depends(bundle: Bundle) -> Mapping[str, frozenset[str]]:
    """Return the declared fields by action; a declaration that is not well formed is none."""
    declared = _table(bundle)
    return {
        action: frozenset(fields)
        for action, fields in declared.items()
        if isinstance(fields, list)
        and all(isinstance(field, str) and _FIELD.fullmatch(field) for field in fields)
    }


def covers(fields: frozenset[str], path: str) -> bool:
    """Whether a declaration names this field, or something it is part of."""
    names = path.split(".")
    return any(".".join(names[:length]) in fields for length in range(1, len(names) + 1))


def is_reusable(fields: frozenset[str]) -> bool:
    """Whether all of it is said by who asks and what is asked about; circumstances are looked at anew."""
    return not any(field.split(".")[0] == "context" for field in fields)


def _table(bundle: Bundle) -> Mapping[str, Any]:
    try:
        found = json.loads(bundle.files["data.json"])["guildhall"]["depends"]
    except (KeyError, TypeError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
