"""The door of the log: an event carries what its act declares (audit.events) and nothing else.

Asked for every event before it is sealed, also in the path of a call, so the declarations are compiled once
into sets and a part costs about as much as a look at each of its fields.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import orjson

from audit import canonical
from audit.errors import DetailError
from audit.event import Event, Part
from audit.events import EVENT_TYPES, Action
from audit.events.declared import Details, Field, Kind

_TYPES: Final[Mapping[Kind, tuple[type, ...]]] = {
    Kind.TEXT: (str,),
    Kind.NUMBER: (int,),
    Kind.FLAG: (bool,),
    Kind.TEXTS: (list, tuple),
    Kind.LIST: (list, tuple),
    Kind.DOCUMENT: (dict,),
}
_PLAIN: Final = frozenset({Kind.TEXT, Kind.NUMBER, Kind.FLAG})
# What canonical.encode writes of a map of these, and refuses of them: integers are at most 2^53 - 1.
_CANONICAL: Final = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_MOST_LAYOUTS: Final = 256


@dataclass(frozen=True, slots=True)
class _Form:
    """One part as its act declares it; ``taken`` holds each field's name with each type it may have.

    ``plain`` are those of ``taken`` that hold no further map, and so need no look inside. ``layouts`` are
    the names and types found to be plain already, beginning with whether the part is about nobody.
    """

    fields: Mapping[str, Field]
    taken: frozenset[tuple[str, type]]
    plain: frozenset[tuple[str, type]]
    personal: frozenset[str]
    texts: tuple[str, ...]
    layouts: set[tuple[object, ...]] = field(default_factory=set)


def check(event: Event) -> None:
    """Return when the event carries only what its act declares.

    Raises:
        DetailError: a part or field is not declared, has another type, or is personal and lies in a part
            without a subject; the sentence names act, part and field, and never a value.
    """
    check_parts(event.action, event.parts)


def check_parts(action: Action, parts: Iterable[Part]) -> None:
    """Do the same for parts that follow later, such as a call's answer; raises as ``check``."""
    forms = _FORMS[action]
    for part in parts:
        form = forms.get(part.name)
        if form is None:
            raise DetailError(action, f"declares no part {part.name!r}")
        _check_part(action, part, form)


def write_content(action: Action, part: Part) -> bytes:
    """Check one part as ``check`` does, and return its content in canonical form.

    Raises:
        DetailError: as ``check``.
        CanonicalError: the content has no canonical form.
    """
    content, form = part.content, _FORMS[action].get(part.name)
    layout = (part.subject is None, *content, *map(type, content.values()))
    if form is None or not (layout in form.layouts or _is_plain(layout, content, form)):
        check_parts(action, (part,))
        return canonical.encode(dict(content))
    try:
        return orjson.dumps(content, option=_CANONICAL)
    except orjson.JSONEncodeError:  # a lone surrogate, or an integer beyond 2^53 - 1
        return canonical.encode(dict(content))


def _is_plain(layout: tuple[object, ...], content: Mapping[str, object], form: _Form) -> bool:
    """Return whether ``content`` is surely what the form declares, of texts, numbers and flags alone."""
    plain = form.plain.issuperset(zip(content, map(type, content.values()), strict=True))
    plain = plain and not (layout[0] and not form.personal.isdisjoint(content))
    if plain and len(form.layouts) < _MOST_LAYOUTS:
        form.layouts.add(layout)
    return plain


def _check_part(action: Action, part: Part, form: _Form) -> None:
    content = part.content
    # One look by the set itself, in C; the fields one by one only to say what is wrong with them.
    if not form.taken.issuperset(zip(content, map(type, content.values()), strict=True)):
        _check_types(action, part, form)
    if part.subject is None and not form.personal.isdisjoint(content):
        found = min(form.personal & content.keys())
        raise DetailError(
            action, f"holds {found!r} in its part {part.name!r}: it is personal, so the part needs a subject"
        )
    for name in form.texts:
        texts = content.get(name)
        if isinstance(texts, list | tuple) and not all(isinstance(text, str) for text in texts):
            raise DetailError(action, f"declares {name!r} in its part {part.name!r} as a list of texts")


def _check_types(action: Action, part: Part, form: _Form) -> None:
    for name, value in part.content.items():
        declared = form.fields.get(name)
        if declared is None:
            raise DetailError(action, f"declares no field {name!r} in its part {part.name!r}")
        if not _is_kind_of(value, declared):
            wanted, found = declared.kind.value, type(value).__name__
            raise DetailError(action, f"declares {name!r} in its part {part.name!r} as {wanted}, not {found}")


def _is_kind_of(value: object, declared: Field) -> bool:
    # A StrEnum is a text; true is no number.
    if isinstance(value, bool):
        return declared.kind is Kind.FLAG
    return isinstance(value, _types_of(declared))


def _compile(details: Details) -> _Form:
    fields = details.fields
    return _Form(
        fields={item.name: item for item in fields},
        taken=frozenset((item.name, kind) for item in fields for kind in _types_of(item)),
        plain=frozenset(
            (item.name, kind) for item in fields if item.kind in _PLAIN for kind in _types_of(item)
        ),
        personal=frozenset(item.name for item in fields if item.personal),
        texts=tuple(item.name for item in fields if item.kind is Kind.TEXTS),
    )


def _types_of(item: Field) -> tuple[type, ...]:
    return (*_TYPES[item.kind], type(None)) if item.null else _TYPES[item.kind]


_FORMS: Final[Mapping[Action, Mapping[str, _Form]]] = {
    action: {part.name: _compile(part) for part in kind.parts} for action, kind in EVENT_TYPES.items()
}
