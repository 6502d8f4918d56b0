"""The input of one evaluation, handed to regopy value by value: exact, and in a third of its parser's time.

regopy keeps text as JSON spells it, between the quotes. Its own ``Input`` hands text over as it is, so
quotes break it and NUL ends it; here text is spelled first. What does not fit, such as a fraction or an
integer of more than 64 bits, is left to the parser.
"""

import json
from json.encoder import encode_basestring
from typing import Any, Final

MOST_NAMES: Final = 1_000
_LARGEST: Final = 2**63 - 1


class EmbeddedInput:
    """Sets the input of one interpreter, through regopy's functions. For the thread that owns it."""

    def __init__(self, interpreter: Any, functions: Any) -> None:  # noqa: ANN401 - regopy has no types
        self._interpreter = interpreter
        self._engine = functions.rego
        self._set, self._new = functions.rego_set_input, functions.rego_new_input
        self._free = functions.rego_free_input
        self._names: dict[str, bytes] = {}

    def set(self, document: object) -> None:
        """Let ``document``, any JSON value, be the input of the next evaluation.

        Raises:
            regopy.RegoError: the engine does not take it.
        """
        made = self._new()
        try:
            self._add(made, document)
            self._set(self._interpreter._impl, made)  # noqa: SLF001 - the handle has no other name
        except (OverflowError, TypeError, UnicodeEncodeError):
            self._interpreter.set_input_term(json.dumps(document, allow_nan=False))
        finally:
            self._free(made)

    def _add(self, made: int, value: Any) -> None:  # noqa: ANN401 - JSON
        engine, kind = self._engine, type(value)
        if kind is str:
            engine.regoInputString(made, _spell(value))
        elif kind is dict:
            for name, item in value.items():
                engine.regoInputString(made, self._names.get(name) or self._name(name))
                self._add(made, item)
                engine.regoInputObjectItem(made)
            engine.regoInputObject(made, len(value))
        elif kind is list:
            for item in value:
                self._add(made, item)
            engine.regoInputArray(made, len(value))
        else:
            self._add_plain(made, value)

    def _add_plain(self, made: int, value: object) -> None:
        if value is None:
            self._engine.regoInputNull(made)
        elif isinstance(value, bool):
            self._engine.regoInputBoolean(made, value)
        elif isinstance(value, int):
            self._engine.regoInputInt(made, _fitting(value))
        else:
            raise TypeError("The parser takes what is left.")

    def _name(self, name: str) -> bytes:
        """Return a key as the engine keeps it; the keys of documents are few and come again."""
        if len(self._names) >= MOST_NAMES:
            self._names.clear()
        return self._names.setdefault(name, _spell(name))


def respell(text: str) -> str:
    """Return JSON with its text spelled as that of inputs is, since the engine compares spellings.

    Raises:
        ValueError: it is no JSON.
    """
    return json.dumps(json.loads(text), ensure_ascii=False)


def _spell(text: str) -> bytes:
    return encode_basestring(text)[1:-1].encode()


def _fitting(value: int) -> int:
    if abs(value) > _LARGEST:
        raise OverflowError("It would be cut to 64 bits without a word.")
    return value
