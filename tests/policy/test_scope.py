from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from policy.errors import MalformedScopeError
from policy.scope import Scope, compile, read_scope  # noqa: A004 - the agreed name

TABLE = sa.Table(
    "route",
    sa.MetaData(),
    sa.Column("id", sa.Uuid),
    sa.Column("name", sa.String),
    sa.Column("team", sa.String),
    sa.Column("weight", sa.Integer),
    sa.Column("secret", sa.String),
)
COLUMNS: dict[str, Any] = {name: TABLE.c[name] for name in ("id", "name", "team", "weight")}
ROWS: list[dict[str, Any]] = [
    {"id": UUID(int=1), "name": "fraud-a", "team": "risk", "weight": 1, "secret": "x"},
    {"id": UUID(int=2), "name": "FRAUD-evil", "team": "vision", "weight": 2, "secret": "x"},
    {"id": UUID(int=3), "name": "fraud%b", "team": "retail", "weight": 3, "secret": "x"},
    {"id": UUID(int=4), "name": "other", "team": None, "weight": None, "secret": "x"},
]


def one(field: str, op: str, value: object) -> dict[str, object]:
    return {"any": [{"all": [{"field": field, "op": op, "value": value}]}]}


def selected(document: object) -> list[int]:
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        TABLE.metadata.create_all(connection)
        connection.execute(TABLE.insert(), ROWS)
        query = sa.select(TABLE.c.id).where(compile(read_scope(document), COLUMNS)).order_by(TABLE.c.id)
        found = [row.id.int for row in connection.execute(query)]
    engine.dispose()
    return found


def included(document: object) -> list[int]:
    scope = read_scope(document)
    return [row["id"].int for row in ROWS if scope.includes({**row, "id": str(row["id"])})]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({}, []),
        ({"any": []}, []),
        ({"any": [{"all": []}]}, [1, 2, 3, 4]),
        (one("team", "eq", "risk"), [1]),
        (one("team", "in", ["risk", "vision"]), [1, 2]),
        (one("team", "in", []), []),
        (one("weight", "eq", 2), [2]),
        (one("id", "eq", str(UUID(int=3))), [3]),
        (one("id", "in", [str(UUID(int=3)), str(UUID(int=4))]), [3, 4]),
        (one("name", "prefix", "fraud-"), [1]),
        (one("name", "prefix", "fraud%"), [3]),
        (one("name", "prefix", "%"), []),
        (one("team", "eq", "' OR 1=1 --"), []),
        ({"any": [*one("team", "eq", "risk")["any"], *one("weight", "eq", 3)["any"]]}, [1, 3]),  # type: ignore[misc]
    ],
)
def test_a_scope_selects_the_same_rows_in_sql_and_in_python(document: object, expected: list[int]) -> None:
    assert selected(document) == expected
    assert included(document) == expected


def test_conditions_of_one_alternative_hold_together() -> None:
    both = {"field": "team", "op": "eq", "value": "risk"}, {"field": "weight", "op": "eq", "value": 2}
    assert selected({"any": [{"all": list(both)}]}) == []


def test_values_are_bound_never_written_into_the_statement() -> None:
    clause = compile(read_scope(one("team", "eq", "ri'sk")), COLUMNS)
    assert "ri'sk" not in str(clause)
    assert "ri'sk" in clause.compile().params.values()


def test_lists_of_values_have_few_texts_and_the_same_rows() -> None:
    """A database prepares a statement for each text: their number must not grow with that of the values."""
    texts = set[str]()
    for count in range(1, 41):
        teams = [*(f"team-{number}" for number in range(count - 1)), "vision"]
        assert selected(one("team", "in", teams)) == [2]
        clause = compile(read_scope(one("team", "in", teams)), COLUMNS)
        texts.add(str(clause.compile(compile_kwargs={"render_postcompile": True})))
    assert len(texts) == len({1, 2, 4, 8, 16, 32, 64})


@pytest.mark.parametrize("field", ["secret", "route.secret", "nothing", ""])
def test_a_field_that_is_not_offered_is_an_error(field: str) -> None:
    with pytest.raises(MalformedScopeError):
        compile(read_scope(one(field, "eq", "x")), COLUMNS)


def test_an_id_that_is_none_is_an_error() -> None:
    with pytest.raises(MalformedScopeError):
        compile(read_scope(one("id", "eq", "risk.credit-default")), COLUMNS)


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        True,
        {"all": []},
        {"any": None},
        {"any": [{}]},
        {"any": [{"all": None}]},
        {"any": [], "more": 1},
        {"any": [{"all": [{"field": "team", "op": "eq"}]}]},
        one("team", "like", "x"),
        one("team", "ne", "x"),
        one("team", "eq", None),
        one("team", "eq", True),
        one("team", "eq", 1.5),
        one("team", "eq", ["x"]),
        one("team", "in", {"risk": 1}),
        one("team", "in", [None]),
        one("team", "prefix", ""),
        one("team", "prefix", 1),
        {"any": [{"all": [{"field": 1, "op": "eq", "value": "x"}]}]},
    ],
)
def test_another_shape_is_an_error(document: object) -> None:
    with pytest.raises(MalformedScopeError):
        read_scope(document)


def test_a_scope_writes_what_it_read() -> None:
    document = {"any": [*one("team", "in", ["a", "b"])["any"], {"all": []}]}  # type: ignore[misc]
    assert read_scope(document).document() == document


def test_the_empty_scope_includes_nothing() -> None:
    assert not Scope().includes({"team": "risk"})
