"""The input of one evaluation, handed to regopy value by value: exact, and in a third of its parser's time.

regopy keeps text as JSON spells it, between the quotes. Its own ``Input`` hands text over as it is, so
quotes break it and NUL ends it; here text is spelled first. What does not fit, such as a fraction or an
integer of more than 64 bits, is left to the parser.
"""

import json
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any, Final

FIRST: Final = ("action", "subject", "resource", "context", "grants")
FIRST_OF: Final = {
    "subject": ("kind", "id", "auth", "teams", "owner_of", "scopes"),
    "resource": ("type", "team", "visibility", "state", "id"),
}
"""What rules read most: the engine looks for a key from the front, and records come sorted by name."""
MOST_KEPT: Final = 5_000
_LONGEST_KEPT: Final = 64
_LARGEST: Final = 2**63 - 1


class EmbeddedInput:
    """Sets the input of one interpreter, through regopy's functions. For the thread that owns it."""

    def __init__(self, interpreter: Any, functions: Any) -> None:  # noqa: ANN401 - regopy has no types
        self._interpreter = interpreter
        self._set, self._new = functions.rego_set_input, functions.rego_new_input
        self._free = functions.rego_free_input
        engine = functions.rego
        self._text, self._number = engine.regoInputString, engine.regoInputInt
        self._truth, self._null = engine.regoInputBoolean, engine.regoInputNull
        self._item, self._object, self._array = (
            engine.regoInputObjectItem,
            engine.regoInputObject,
            engine.regoInputArray,
        )

    def set(self, document: object) -> None:
        """Let ``document``, any JSON value, be the input of the next evaluation.

        Raises:
            regopy.RegoError: the engine does not take it.
            ValueError: it is no JSON.
        """
        made = self._new()
        try:
            self._add(made, _ordered(document))
            self._set(self._interpreter._impl, made)  # noqa: SLF001 - the handle has no other name
        except (OverflowError, TypeError, UnicodeEncodeError):
            self._interpreter.set_input_term(json.dumps(document, allow_nan=False))
        finally:
            self._free(made)

    def _add(self, made: int, value: Any) -> None:  # noqa: ANN401 - JSON
        kind = type(value)
        if kind is str:
            self._text(made, _spelled(value))
        elif kind is dict:
            for name, item in value.items():
                self._text(made, _spelled(name))
                self._add(made, item)
                self._item(made)
            self._object(made, len(value))
        elif kind is list:
            for item in value:
                self._add(made, item)
            self._array(made, len(value))
        else:
            self._add_plain(made, value)

    def _add_plain(self, made: int, value: object) -> None:
        if value is None:
            self._null(made)
        elif isinstance(value, bool):
            self._truth(made, value)
        elif isinstance(value, int):
            self._number(made, _fitting(value))
        else:
            raise TypeError("The parser takes what is left.")


def respell(text: str) -> str:
    """Return JSON with its text spelled as that of inputs is, since the engine compares spellings.

    Raises:
        ValueError: it is no JSON.
    """
    return json.dumps(json.loads(text), ensure_ascii=False)


def _ordered(document: Any) -> Any:  # noqa: ANN401 - JSON
    if type(document) is not dict:
        return document
    ordered = _lead(document, FIRST)
    for name, first in FIRST_OF.items():
        if type(part := ordered.get(name)) is dict:
            ordered[name] = _lead(part, first)
    return ordered


def _lead(found: dict[str, Any], first: tuple[str, ...]) -> dict[str, Any]:
    return {name: found[name] for name in first if name in found} | found


def _spelled(text: str) -> bytes:
    return _kept(text) if len(text) <= _LONGEST_KEPT else _spell(text)


def _spell(text: str) -> bytes:
    return encode_basestring(text)[1:-1].encode()


# Keys, teams, ids: the same few come in one question after another.
_kept = lru_cache(MOST_KEPT)(_spell)


def _fitting(value: int) -> int:
    if abs(value) > _LARGEST:
        raise OverflowError("It would be cut to 64 bits without a word.")
    return value
