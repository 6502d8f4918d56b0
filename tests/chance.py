"""Random values by a seed, where thousands of cases are wanted: a tenth of the time that shrinking ones take.

The same seed gives the same cases on every machine; a failing test names its own.
"""

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import TypeVar
from uuid import UUID

Value = TypeVar("Value")
Make = Callable[[Random], Value]

CHARACTERS: Sequence[tuple[int, int]] = (
    (0x20, 0x7E),
    (0x20, 0x7E),
    (0x00, 0x1F),
    (0x7F, 0x2FF),
    (0x300, 0xD7FF),
    (0xE000, 0xFFFF),
    (0x1_0000, 0x10_FFFF),
)
"""Ranges without surrogates, each as likely as another; printable ASCII twice."""


def seeded(count: int, seed: int = 1) -> Iterator[Random]:
    """Yield `count` sources of chance; each case has one of its own, so that it can be repeated alone."""
    return (Random(f"{seed}/{number}") for number in range(count))  # noqa: S311 - a seed makes it repeatable


def character(chance: Random) -> str:
    return chr(chance.randint(*chance.choice(CHARACTERS)))


def text(chance: Random, most: int, letters: Sequence[str] | None = None) -> str:
    """Up to `most` letters, of those given or of all that Unicode has."""
    length = chance.randint(0, most)
    if letters is not None:
        return "".join(chance.choices(letters, k=length))
    return "".join(character(chance) for _ in range(length))


def some(chance: Random, most: int, make: Make[Value]) -> list[Value]:
    return [make(chance) for _ in range(chance.randint(0, most))]


def maybe(chance: Random, make: Make[Value]) -> Value | None:
    return make(chance) if chance.random() < 0.5 else None


def an_id(chance: Random) -> UUID:
    return UUID(int=chance.getrandbits(128), version=4)
