from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest

from audit.query import QueryError, Term, parse, resolve


@dataclass
class Directory:
    people: dict[str, UUID] = field(default_factory=dict)
    routes: dict[str, UUID] = field(default_factory=dict)

    async def principal(self, handle: str) -> UUID | None:
        return self.people.get(handle)

    async def route(self, name: str) -> UUID | None:
        return self.routes.get(name)


async def test_names_become_ids_and_the_rest_stays() -> None:
    person, route = uuid4(), uuid4()
    directory = Directory({"member": person}, {"risk.credit-default": route})
    asked = parse("actor:member resource:risk.credit-default outcome:denied")
    assert await resolve(asked, directory) == (
        Term("actor", person),
        Term("resource", route),
        Term("outcome", "denied"),
    )


async def test_an_id_is_not_looked_up() -> None:
    person = uuid4()
    assert await resolve(parse(f"actor:{person}"), Directory()) == (Term("actor", person),)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("outcome:denied actor:x", "no person has the handle x"),
        ("outcome:denied resource:a.b", "no route has the name a.b"),
    ],
)
async def test_an_unknown_name_is_an_error_and_not_an_empty_answer(text: str, sentence: str) -> None:
    with pytest.raises(QueryError) as caught:
        await resolve(parse(text), Directory())
    assert caught.value.sentence == sentence
    assert caught.value.column == text.rindex(":") + 2
