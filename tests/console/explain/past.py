"""Random histories of a small organisation, and a naive model of what was true when, as known when.

The model paints: time is a row of twenty cells, and each version that is recorded writes its state over the
cells it speaks of. It shares nothing with the queries under test but the meaning of a version.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from hypothesis import strategies as st
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.history import append_row

TICKS: Final = 20
TICK: Final = 1_000_000
State = Mapping[str, Any]


def identify(kind: str, number: int) -> UUID:
    return UUID(int=(sum(kind.encode()) << 64) + number + 1)


PEOPLE: Final = [identify("person", n) for n in range(4)]
TEAMS: Final = [identify("team", n) for n in range(3)]
MODELS: Final = [identify("model", n) for n in range(2)]
ROUTES: Final = [identify("route", n) for n in range(3)]
NAMES: Final = {team: f"team-{n}" for n, team in enumerate(TEAMS)}


@dataclass(frozen=True)
class Act:
    """One recorded version; times in ticks."""

    kind: str
    id: UUID
    state: State | None
    valid_from: int
    valid_to: int | None
    recorded: int


def person(draw: st.DrawFn, row: UUID) -> State:
    kind = "service" if row == PEOPLE[3] else "person"
    return {"kind": kind, "state": draw(st.sampled_from(["active", "active", "disabled"]))}


def team(_: st.DrawFn, row: UUID) -> State:
    return {"name": NAMES[row]}


def membership(draw: st.DrawFn, row: UUID) -> State:
    # A row is one person's and one team's for good, as in the table; its role may change.
    number = row.int % 64 - 1
    return {
        "person_id": str(PEOPLE[number % 3]),
        "team_id": str(TEAMS[number // 3]),
        "role": draw(st.sampled_from(["member", "owner"])),
        "managed_by": "manual",
    }


def role_assignment(draw: st.DrawFn, row: UUID) -> State:
    return {
        "person_id": str(PEOPLE[(row.int % 64 - 1) % 3]),
        "role": draw(st.sampled_from(["admin", "auditor", "reviewer"])),
        "scope": draw(st.sampled_from(["all", '["team-0"]', '["team-1","team-2"]'])),
        "managed_by": "manual",
    }


def model(draw: st.DrawFn, _: UUID) -> State:
    return {
        "namespace": "n",
        "name": "m",
        "team_id": str(draw(st.sampled_from(TEAMS))),
        "visibility": draw(st.sampled_from(["hidden", "hidden", "listed", "shared"])),
        "tier": "low",
        "data_class": "public",
        "purpose": "0",
    }


def route(draw: st.DrawFn, row: UUID) -> State:
    number = ROUTES.index(row)
    state = draw(st.sampled_from(["active", "active", "active", "stopped"]))
    return {"name": f"n.m-{number}", "model_id": str(MODELS[number % 2]), "state": state}


def access_grant(draw: st.DrawFn, _: UUID) -> State:
    holders = [("team", TEAMS[0]), ("team", TEAMS[1]), ("person", PEOPLE[0]), ("service", PEOPLE[3])]
    holder = draw(st.sampled_from(holders))
    starts = draw(st.integers(0, TICKS - 2))
    return {
        "principal_type": holder[0],
        "principal_id": str(holder[1]),
        "permission": "model.invoke",
        "resource_type": "route",
        "resource_id": str(draw(st.sampled_from(ROUTES))),
        "change_id": str(UUID(int=9)),
        "starts": starts * TICK,
        "ends": draw(st.integers(starts + 1, TICKS)) * TICK,
    }


ROWS: Final = (
    (person, PEOPLE),
    (team, TEAMS),
    (model, MODELS),
    (route, ROUTES),
    (membership, [identify("membership", n) for n in range(9)]),
    (role_assignment, [identify("role_assignment", n) for n in range(4)]),
    (access_grant, [identify("access_grant", n) for n in range(6)]),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Act]:
    """Everything begins at tick 0, some of it later; then come changes, ends and corrections of the past."""
    acts = [_first(draw, make, row) for make, rows in ROWS for row in rows]
    for _ in range(draw(st.integers(0, 25))):
        make, rows = draw(st.sampled_from(ROWS))
        acts.append(_later(draw, make, draw(st.sampled_from(rows))))
    return sorted(acts, key=lambda act: act.recorded)


def _first(draw: st.DrawFn, make: Any, row: UUID) -> Act:
    state = make(draw, row)
    if make is access_grant:
        return Act("access_grant", row, state, state["starts"] // TICK, state["ends"] // TICK, 0)
    return Act(make.__name__, row, state, 0, None, 0)


def _later(draw: st.DrawFn, make: Any, row: UUID) -> Act:
    recorded = draw(st.integers(1, TICKS - 1))
    valid_from = draw(st.one_of(st.just(recorded), st.integers(0, TICKS - 1)))  # or what was found out late
    state: State | None = make(draw, row) if draw(st.booleans()) else None
    valid_to = draw(st.one_of(st.none(), st.integers(valid_from, TICKS)))
    if state is not None and make is access_grant:
        valid_from, valid_to = state["starts"] // TICK, state["ends"] // TICK
    return Act(make.__name__, row, state, valid_from, valid_to, recorded)


async def write_history(session: AsyncSession, acts: Sequence[Act]) -> None:
    for number, act in enumerate(acts):
        await append_row(
            session,
            kind=act.kind,
            row_id=act.id,
            row=act.state,
            valid_from=act.valid_from * TICK,
            valid_to=None if act.valid_to is None else act.valid_to * TICK,
            recorded_at=act.recorded * TICK,
            event_id=UUID(int=1000 + number),
        )


def painted(acts: Sequence[Act], valid: int, known: int) -> dict[str, dict[UUID, State]]:
    """Return what was there at a tick, as known at another."""
    cells: dict[tuple[str, UUID], list[State | None]] = {}
    for act in acts:
        if act.recorded <= known:
            row = cells.setdefault((act.kind, act.id), [None] * (TICKS + 1))
            end = TICKS + 1 if act.valid_to is None else act.valid_to
            row[act.valid_from : end] = [act.state] * max(0, end - act.valid_from)
    there: dict[str, dict[UUID, State]] = {make.__name__: {} for make, _ in ROWS}
    for (kind, row_id), row in cells.items():
        if row[valid] is not None:
            there[kind][row_id] = row[valid]  # type: ignore[assignment]
    return there


def callers(there: Mapping[str, Mapping[UUID, State]], valid: int) -> Iterator[tuple[UUID, UUID]]:
    """Yield who could call what, pair by pair, as the contract says it."""
    for route_id, found in there["route"].items():
        card = there["model"].get(UUID(found["model_id"]))
        if card is None or UUID(card["team_id"]) not in there["team"] or found["state"] != "active":
            continue
        for person_id, somebody in there["person"].items():
            if somebody["state"] != "active":
                continue
            shared = card["visibility"] == "shared" and somebody["kind"] == "person"
            if shared or any(
                UUID(grant["resource_id"]) == route_id
                and grant["starts"] <= valid * TICK < grant["ends"]
                and _is_for(grant, person_id, somebody, there)
                for grant in there["access_grant"].values()
            ):
                yield person_id, route_id


def _is_for(
    grant: State, person_id: UUID, somebody: State, there: Mapping[str, Mapping[UUID, State]]
) -> bool:
    holder = UUID(grant["principal_id"])
    if grant["principal_type"] != "team":
        return holder == person_id and grant["principal_type"] == somebody["kind"]
    joined = there["membership"].values()
    inside = any(UUID(row["person_id"]) == person_id and UUID(row["team_id"]) == holder for row in joined)
    return inside and holder in there["team"]
