"""Every document is looked at: which copy is changed, missing or added is said by its place."""

import base64
from collections.abc import AsyncIterator, Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import orjson
import pytest

from audit import ecs
from audit.checkpoints.checkpoint import Checkpoint
from audit.following.deep import DeepReconciliation, reconcile_deep
from audit.following.matching import Named
from audit.formats import ECS, OCSF, Format
from audit.sinks import SinkError
from audit.sinks.elasticsearch import open_elasticsearch
from audit.sinks.file import FileSink
from audit.sinks.indexed import ElasticsearchSink
from audit.tree import merkle
from audit.tree.merkle import leaf_hash
from tests.audit.sinks import fake_elasticsearch as server
from tests.audit.sinks.entries import ORIGIN, make_entries, make_entry
from tests.audit.sinks.fake_elasticsearch import FakeElasticsearch
from tests.audit.sinks.fake_queries import Document
from tests.audit.sinks.signed_log import SignedLog, open_log

pytestmark = pytest.mark.slow  # looks at thousands of documents

SIZE = 2_300
INDEX = "guildhall-audit-v1-000000"


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[SignedLog]:
    async with open_log(tmp_path) as opened:
        await opened.grow(SIZE)
        yield opened


@pytest.fixture
async def fake() -> AsyncIterator[FakeElasticsearch]:
    made = FakeElasticsearch()
    runner = await server.start(made)
    yield made
    await runner.cleanup()


@pytest.fixture
async def sink(fake: FakeElasticsearch) -> AsyncIterator[ElasticsearchSink]:
    made = open_elasticsearch(fake.url, origin=ORIGIN)
    assert (await made.deliver(make_entries(0, SIZE))).acknowledged == SIZE
    yield made
    await made.close()


def signed(size: int = SIZE) -> Checkpoint:
    return Checkpoint(ORIGIN, size, merkle.root([one.leaf for one in make_entries(0, size)]))


def key(index: int) -> tuple[str, str]:
    return INDEX, f"{ORIGIN}-{index:016x}"


def told(found: DeepReconciliation) -> dict[str, list[Any]]:
    """The names of everything found."""
    named: dict[str, Named[Any]] = {"changed": found.changed, "missing": found.missing, "added": found.added}
    return {kind: list(one.names) for kind, one in named.items() if one.count}


async def test_a_whole_copy_gives_the_signed_root(log: SignedLog, sink: ElasticsearchSink) -> None:
    found = await reconcile_deep(log.engine, sink, signed())
    assert (found.exact, found.root, found.total_sink, told(found)) == (True, True, SIZE, {})


def change_a_field(document: Document) -> None:
    document["event"]["outcome"] = "success" if document["event"]["outcome"] == "failure" else "failure"


def add_a_field(document: Document) -> None:
    document["guildhall"]["note"] = "nothing to see"


def remove_a_field(document: Document) -> None:
    del document["user"]


def change_the_original(document: Document) -> None:
    document["event"]["original"] = document["event"]["original"].replace("no_grant", "no_grunt")


def change_everything_alike(document: Document) -> None:
    """What somebody does who knows how a document is made."""
    head = make_entry(document["event"]["sequence"], variant=1).head
    other = ecs.document(document["event"]["sequence"], head, leaf_hash(head), origin=ORIGIN)
    document.clear()
    document.update(orjson.loads(orjson.dumps(other)))


@pytest.mark.parametrize(
    ("change", "root"),
    [
        (change_a_field, True),
        (add_a_field, True),
        (remove_a_field, True),
        (change_the_original, False),
        (change_everything_alike, False),
    ],
)
async def test_one_changed_document_is_named(
    log: SignedLog,
    fake: FakeElasticsearch,
    sink: ElasticsearchSink,
    change: Callable[[Document], None],
    root: bool,
) -> None:
    change(fake.documents[key(1_234)])
    found = await reconcile_deep(log.engine, sink, signed())
    assert (found.exact, found.root, told(found)) == (False, root, {"changed": [1_234]})


async def test_missing_documents_are_named_by_range(
    log: SignedLog, fake: FakeElasticsearch, sink: ElasticsearchSink
) -> None:
    for index in (0, 7, 8, 9, SIZE - 1):
        del fake.documents[key(index)]
    found = await reconcile_deep(log.engine, sink, signed())
    assert told(found) == {"missing": [(0, 0), (7, 9), (SIZE - 1, SIZE - 1)]}
    assert (found.missing.count, found.root, found.total_sink) == (5, False, SIZE - 5)


async def test_added_documents_are_named_and_the_true_one_is_still_found(
    log: SignedLog, fake: FakeElasticsearch, sink: ElasticsearchSink
) -> None:
    repeated = fake.documents[key(70)]
    forged = deepcopy(fake.documents[key(71)])
    change_everything_alike(forged)
    fake.documents = {
        (INDEX, "forged"): forged,
        **fake.documents,
        (INDEX, "repeated"): repeated,
        (INDEX, "nameless"): {"event": {"sequence": 5}},
        (INDEX, "indexless"): {"guildhall": {"log": ORIGIN}},
        (INDEX, "beyond"): {"event": {"sequence": SIZE + 9}, "guildhall": {"log": ORIGIN}},
    }
    found = await reconcile_deep(log.engine, sink, signed())
    assert found.root
    assert sorted(found.added.names) == ["beyond", "forged", "indexless", "nameless", "repeated"]
    assert (found.changed.count, found.missing.count, found.exact) == (0, 0, False)


async def test_a_document_given_to_another_log_is_missing_here(
    log: SignedLog, fake: FakeElasticsearch, sink: ElasticsearchSink
) -> None:
    fake.documents[key(3)]["guildhall"]["log"] = "other.test/log"
    assert told(await reconcile_deep(log.engine, sink, signed())) == {"missing": [(3, 3)]}


async def test_a_document_moved_to_another_id_is_changed(
    log: SignedLog, fake: FakeElasticsearch, sink: ElasticsearchSink
) -> None:
    fake.documents[INDEX, "elsewhere"] = fake.documents.pop(key(3))
    found = await reconcile_deep(log.engine, sink, signed())
    assert (told(found), found.root) == ({"changed": [3]}, True)


async def test_what_was_set_aside_counts_for_the_root_and_is_said(
    log: SignedLog, fake: FakeElasticsearch
) -> None:
    fake.script.append(server.items_fail({4: (400, "document_parsing_exception")}))
    sink = open_elasticsearch(fake.url, origin=ORIGIN)
    assert (await sink.deliver(make_entries(0, SIZE))).quarantined == (4,)
    found = await reconcile_deep(log.engine, sink, signed())
    assert (found.exact, found.apart) == (True, 1)
    await sink.close()


async def test_what_came_after_the_checkpoint_is_left_to_the_next_one(
    log: SignedLog, sink: ElasticsearchSink
) -> None:
    found = await reconcile_deep(log.engine, sink, signed(SIZE - 300))
    assert (found.exact, found.size, found.total_sink) == (True, SIZE - 300, SIZE - 300)


async def test_names_are_bounded_and_counts_are_exact(
    log: SignedLog, fake: FakeElasticsearch, sink: ElasticsearchSink
) -> None:
    for index in range(0, SIZE, 2):
        add_a_field(fake.documents[key(index)])
    found = await reconcile_deep(log.engine, sink, signed())
    assert (found.changed.count, found.changed.names) == (SIZE // 2, list(range(0, 200, 2)))


async def test_another_root_under_the_checkpoint_is_not_met(log: SignedLog, sink: ElasticsearchSink) -> None:
    wrong = Checkpoint(ORIGIN, SIZE, base64.b64decode("AAAA" * 10 + "AAA="))
    found = await reconcile_deep(log.engine, sink, wrong)
    assert (found.exact, found.root, told(found)) == (False, False, {})


async def test_an_empty_sink_lacks_everything(
    log: SignedLog, fake: FakeElasticsearch, sink: ElasticsearchSink
) -> None:
    fake.documents.clear()
    found = await reconcile_deep(log.engine, sink, signed())
    assert (told(found), found.missing.count, found.root) == ({"missing": [(0, SIZE - 1)]}, SIZE, False)


async def test_a_sink_that_cannot_be_read_is_an_error_and_not_a_difference(log: SignedLog) -> None:
    sink = open_elasticsearch("http://127.0.0.1:9", origin=ORIGIN)
    with pytest.raises(SinkError, match="cannot be reached"):
        await reconcile_deep(log.engine, sink, signed())
    await sink.close()


@pytest.mark.parametrize(
    ("form", "altered"),
    [(ECS, (b'"outcome":"failure"', b'"outcome":"success"')), (OCSF, (b'"status_id":2', b'"status_id":1'))],
)
async def test_a_file_is_read_line_by_line(
    log: SignedLog, tmp_path: Path, form: Format, altered: tuple[bytes, bytes]
) -> None:
    path = tmp_path / "audit.ndjson"
    sink = FileSink(path, origin=ORIGIN, form=form)
    await sink.deliver(make_entries(0, SIZE))
    assert (await reconcile_deep(log.engine, sink, signed())).exact
    lines = read_lines(path)
    lines[9], lines[10] = lines[10], lines[9]
    lines[20] = lines[20].replace(*altered)
    lines[30] = b"not a line of ours\n"
    lines[40:41] = []
    path.write_bytes(b"".join(lines))
    found = await reconcile_deep(log.engine, sink, signed())
    assert told(found) == {
        "changed": [20],
        "missing": [(9, 9), (30, 30), (40, 40)],
        "added": ["line 11", "line 31"],
    }


def read_lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)
