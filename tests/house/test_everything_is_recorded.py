"""Every door leaves an entry, or is on the list that docs/reference/events.md publishes."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar.handlers import HTTPRouteHandler

from audit.events import EVENT_TYPES, Action
from console.app import create_app
from console.declared import PERMISSION
from console.gateway.table import GOVERNED
from console.services import build
from console.settings import load_settings
from console.unrecorded import ADDRESSES, READS
from policy.permissions import Permission
from tests.house.trees import nodes

SAFE = {"GET", "HEAD", "OPTIONS"}
RECORDED = {
    Permission.ACCESS_EXPLAIN,
    Permission.ACCESS_REQUEST_READ,
    Permission.AUDIT_EXPORT,
    Permission.AUDIT_READ,
    Permission.CHANGE_READ,
    Permission.LOG_READ,
    Permission.PERSON_READ,
    Permission.SINGLE_PERSON_CONFIRM,
    Permission.TEAM_READ,
}
WRITES_OF_THEIR_OWN = {
    "anchors.py _recorder": "puts a record itself into the outbox",
    "anchors.py record": "the same",
    "campaigns/uses.py _add": "counts the calls that the log tells of",
    "directory/keeping.py drop_unfinished": "says of a run that its worker ended before it",
    "directory/keeping.py keep_cursor": "keeps how far the directory was read, or what stops it",
    "directory/keeping.py keep_run": "keeps where a run stands, whose end is an act of its own",
    "directory/keeping.py next_run": "puts on the list what is due by the clock, whose end is an act",
    "directory/polling.py _bring_in_line": "keeps digests of what the directory says, as a sign-in does",
    "freshness/forgetting.py sweep": "forgets that rows moved, which each row's own act tells",
    "guard.py tell": "puts a record itself into the outbox",
    "installation.py _stamped": "stamps a new database with what the log's first entry says",
    "key_uses.py _write": "keeps when a key was last used",
    "log_care.py _begin_after": "stamps the name of a new log, whose first entry says it",
    "policies/own_engine.py _keep": "keeps which revision an engine of ours has, which no decision reads",
    "policies/replay_loop.py _keep": "keeps how far a replay is, whose asking and end are acts of their own",
    "policies/reports.py _keep": "keeps what an OPA server says of itself, which no decision reads",
    "proofs.py require_proof": "uses a proof of possession up",
    "scim/door.py _touch": "keeps when a directory was last here",
    "security.py _touch": "keeps when a session was last used",
    "sign_in/confirming.py _claimed": "takes on to confirm a session",
    "sign_in/confirming.py _keep": "keeps the refresh token of a session whose rights did not change",
    "sign_in/pages.py _leave": "keeps the random values of a sign-in on its way",
    "sign_in/pages.py _taken": "uses them up",
    "work.py write": "the unit of work, which commits no rows without a record",
}
"""Where a write transaction of the main database is opened, and why that leaves nothing unrecorded."""


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str, Permission]]:
    """Method, path and permission of every route that declares one."""
    services = build(load_settings(data=tmp_path_factory.mktemp("doors")))
    found: list[tuple[str, str, Permission]] = []
    for route in create_app(services).routes:
        for handler in getattr(route, "route_handlers", ()):
            if isinstance(handler, HTTPRouteHandler) and PERMISSION in handler.opt:
                found += [(method, route.path, handler.opt[PERMISSION]) for method in handler.http_methods]
    return found


def test_every_permission_is_an_act_so_that_each_refusal_is_one() -> None:
    assert {permission.value for permission in Permission} <= {action.value for action in Action}


def test_every_write_is_an_act(doors: list[tuple[str, str, Permission]]) -> None:
    writes = [(path, right) for method, path, right in doors if method not in SAFE]
    assert len(writes) > 10
    assert [path for path, right in writes if right in READS] == []


def test_every_read_is_one_of_the_log_or_published(doors: list[tuple[str, str, Permission]]) -> None:
    reads = [(path, right) for method, path, right in doors if method in SAFE]
    assert len(reads) > 10
    loose = {path for path, right in reads if right not in RECORDED | READS.keys() and path not in ADDRESSES}
    assert loose == set()
    assert set(ADDRESSES) <= {path for path, _ in reads}


def test_every_governed_operation_is_recorded_or_published() -> None:
    assert {operation.permission for operation in GOVERNED if not operation.recorded} <= READS.keys()
    assert all(operation.action in EVENT_TYPES for operation in GOVERNED)


def test_the_main_database_is_written_by_units_of_work_only(root: Path) -> None:
    assert set(_writes(root / "console")) == WRITES_OF_THEIR_OWN.keys()


def _writes(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*.py")):
        functions = [node for node in nodes(path) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        for function in functions:
            if any(_opens_a_write(node) for node in ast.walk(function)):
                yield f"{path.relative_to(folder)} {function.name}"


def _opens_a_write(node: ast.AST) -> bool:
    if not isinstance(node, ast.Attribute) or node.attr != "write":
        return False
    return isinstance(node.value, ast.Attribute) and node.value.attr.lstrip("_") == "database"
