from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from audit.models import entry
from audit.query import parse, select_entries

ACTOR, ROUTE, REQUEST, GRANT, DECISION = (uuid4() for _ in range(5))
ACTIONS = ("model.invoke", "model.describe", "modelx.invoke", "grant.create")


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        entry.create(connection)
        connection.execute(sa.insert(entry), [row(index) for index in range(40)])
        yield connection
    engine.dispose()


def row(index: int) -> dict[str, object]:
    return {
        "index": index,
        "id": UUID(int=index),
        "time": index,
        "action": ACTIONS[index % 4],
        "outcome": "denied" if index % 3 else "success",
        "actor": ACTOR if index % 2 else None,
        "resource_type": "route",
        "resource_id": ROUTE if index < 20 else None,
        "request": REQUEST if index == 7 else None,
        "grant_id": GRANT if index == 8 else None,
        "decision": DECISION if index == 9 else None,
        "producer": "outbox",
        "number": index,
        "retention": "invoke",
        "head": b"{}",
        "leaf": bytes(32),
    }


def ask(connection: Connection, text: str, before: int | None = None, limit: int = 100) -> list[int]:
    statement = select_entries(parse(text), before=before, limit=limit)
    return [found["index"] for found in connection.execute(statement).mappings()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", set(range(40))),
        ("action:model.*", {i for i in range(40) if i % 4 < 2}),
        ("action:model.invoke", {i for i in range(40) if i % 4 == 0}),
        ("outcome:success", {i for i in range(40) if i % 3 == 0}),
        (f"actor:{ACTOR}", {i for i in range(40) if i % 2}),
        (f"resource:{ROUTE} outcome:success", {i for i in range(20) if i % 3 == 0}),
        (f"request:{REQUEST}", {7}),
        (f"grant:{GRANT}", {8}),
        (f"id:{UUID(int=9)}", {9}),
        ("index:11", {11}),
        ("index:11..13", {11, 12, 13}),
        ("index:37..", {37, 38, 39}),
        ("index:..1 outcome:success", {0}),
        (f"decision:{DECISION}", {9}),
        ("time:1970-01-01T00:00:00.000005Z", {5}),
        ("time:1970-01-01T00:00:00.00001Z..1970-01-01T00:00:00.000019Z", set(range(10, 20))),
        ("time:1970-01-01", set(range(40))),
        ("time:1970-01-02..", set()),
        ("producer:outbox type:route index:3", {3}),
        ("type:grant", set()),
    ],
)
def test_a_query_finds_exactly_what_matches(connection: Connection, text: str, expected: set[int]) -> None:
    assert ask(connection, text) == sorted(expected, reverse=True)


def test_pages_are_newest_first_without_gap_or_repetition(connection: Connection) -> None:
    first = ask(connection, "outcome:denied", limit=10)
    second = ask(connection, "outcome:denied", before=first[-1], limit=100)
    assert first + second == [i for i in reversed(range(40)) if i % 3]


def test_an_underscore_in_a_prefix_is_only_itself(connection: Connection) -> None:
    assert ask(connection, "action:model_*") == []


def test_values_are_bound_and_never_part_of_the_statement() -> None:
    statement = select_entries(parse("producer:outbox action:model.* index:77 type:route"), limit=5)
    for url in ("postgresql+asyncpg://", "sqlite+aiosqlite://"):
        dialect = sa.make_url(url).get_dialect()()
        written = str(statement.compile(dialect=dialect))
        assert all(value not in written for value in ("outbox", "model.", "77", "'route'"))


def test_a_name_must_be_resolved_first() -> None:
    with pytest.raises(TypeError, match="not resolved"):
        select_entries(parse("actor:member"), limit=1)
