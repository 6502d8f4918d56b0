"""A small Elasticsearch over real HTTP on loopback, whose answers to ``_bulk`` can be scripted one by one."""

import asyncio
import ssl
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import orjson
from aiohttp import web

from tests.audit.sinks.fake_queries import Document, Key, hit, passes

JSON = "application/vnd.elasticsearch+json;compatible-with=9"
HEADERS = {"X-Elastic-Product": "Elasticsearch"}


@dataclass(frozen=True)
class Create:
    """One operation of a bulk request; ``over`` is the number of the document that it may overwrite."""

    index: str
    id: str
    document: Document
    over: int | None = None


Step = Callable[["FakeElasticsearch", web.Request, list[Create]], Awaitable[web.StreamResponse]]


@dataclass
class FakeElasticsearch:
    """Keeps documents by index and id.

    ``script`` holds what the next bulk requests meet, ``absent`` the status of each endpoint it lacks.
    """

    documents: dict[Key, Document] = field(default_factory=dict)
    templates: dict[str, Document] = field(default_factory=dict)
    script: deque[Step] = field(default_factory=deque)
    absent: dict[str, int] = field(default_factory=dict)
    batches: list[int] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    generations: Counter[str] = field(default_factory=Counter)
    versions: Counter[Key] = field(default_factory=Counter)
    overwritten: list[Document] = field(default_factory=list)
    flushed: int = 0
    widened: list[Document] = field(default_factory=list)
    credentials: set[str] = field(default_factory=set)
    url: str = ""

    def rollover(self, stream: str) -> None:
        """Begin another backing index of a data stream."""
        self.generations[stream] += 1

    def locate(self, name: str) -> str:
        """The index that takes a document sent to ``name``: itself, or a stream's newest backing index."""
        for template in self.templates.values():
            if "data_stream" in template and name in template["index_patterns"]:
                return f".ds-{name}-{self.generations[name] + 1:06d}"
        return name

    def sequences(self) -> list[int]:
        """The entries held, in order."""
        return sorted(document["event"]["sequence"] for document in self.documents.values())

    def create(self, operation: Create) -> Document:
        """Do one operation as a healthy node does."""
        key = (self.locate(operation.index), operation.id)
        if operation.over is not None:
            return self.overwrite(key, operation)
        if key in self.documents:
            return failed(operation, 409, "version_conflict_engine_exception")
        self.documents[key] = operation.document
        return {"_index": operation.index, "_id": operation.id, "result": "created", "status": 201}

    def overwrite(self, key: Key, operation: Create) -> Document:
        """Replace a document as a node does: the old one stays until a merge."""
        if key not in self.documents or self.versions[key] != operation.over:
            return failed(operation, 409, "version_conflict_engine_exception")
        self.overwritten.append(self.documents[key])
        self.documents[key] = operation.document
        self.versions[key] += 1
        return {"_index": key[0], "_id": key[1], "result": "updated", "status": 200}

    async def put_fields(self, request: web.Request) -> web.StreamResponse:
        self.widened.append(await request.json())
        return reply({"acknowledged": True})

    async def stats(self, _request: web.Request) -> web.StreamResponse:
        return reply({"_all": {"total": {"docs": {"deleted": len(self.overwritten)}}}})

    async def merge(self, _request: web.Request) -> web.StreamResponse:
        self.overwritten.clear()
        return reply({"_shards": {"failed": 0}})

    async def bulk(self, request: web.Request) -> web.StreamResponse:
        lines = [orjson.loads(line) for line in (await request.read()).splitlines()]
        operations = [
            read_operation(action, document) for action, document in zip(lines[::2], lines[1::2], strict=True)
        ]
        self.batches.append(len(operations))
        step = self.script.popleft() if self.script else healthy
        return await step(self, request, operations)

    async def get(self, request: web.Request) -> web.StreamResponse:
        wanted = (await request.json())["docs"]
        return reply({"docs": [self.find(place["_index"], place["_id"]) for place in wanted]})

    def find(self, index: str, identity: str) -> Document:
        found = self.documents.get((index, identity))
        place: Document = {"_index": index, "_id": identity, "found": found is not None}
        return {**place, "_source": found} if found else place

    async def put_template(self, request: web.Request) -> web.StreamResponse:
        self.templates[request.match_info["name"]] = await request.json()
        return reply({"acknowledged": True})

    async def refresh(self, request: web.Request) -> web.StreamResponse:
        self.flushed += request.path.endswith("/_flush")
        return reply({"_shards": {"failed": 0}})

    async def health(self, _request: web.Request) -> web.StreamResponse:
        return reply({"status": "green"})

    async def count(self, request: web.Request) -> web.StreamResponse:
        query = (await request.json())["query"]
        return reply({"count": len(self.match(request.match_info["indexes"], query))})

    async def open_pit(self, request: web.Request) -> web.StreamResponse:
        return reply({"id": request.match_info["indexes"]})

    async def close_pit(self, _request: web.Request) -> web.StreamResponse:
        return reply({"succeeded": True})

    async def search_pit(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        return self.answer_search(body["pit"]["id"], body)

    async def search(self, request: web.Request) -> web.StreamResponse:
        return self.answer_search(request.match_info["indexes"], await request.json())

    def answer_search(self, indexes: str, body: Document) -> web.StreamResponse:
        if "aggregations" in body and "histogram" in self.absent:
            return reply({"error": {"type": "parsing_exception"}}, self.absent["histogram"])
        found = self.match(indexes, body["query"])
        hits = [
            {**hit(place, key, document), "_seq_no": self.versions[key], "_primary_term": 1}
            for place, (key, document) in enumerate(found)
        ]
        if "sort" in body:
            ((ordered,),) = (sort.values() for sort in body["sort"])
            order = ordered if isinstance(ordered, str) else ordered["order"]
            hits.sort(key=lambda one: one["sort"], reverse=order == "desc")
        hits = [one for one in hits if one["sort"] > body.get("search_after", [-1, -1])]
        answer: Document = {"hits": {"hits": hits[: body["size"]]}, "_shards": {"total": 1}}
        if "aggregations" in body:
            interval = body["aggregations"]["buckets"]["histogram"]["interval"]
            buckets = Counter(one["sort"][0] - one["sort"][0] % interval for one in hits)
            shown = [{"key": float(key), "doc_count": number} for key, number in sorted(buckets.items())]
            answer["aggregations"] = {"buckets": {"buckets": shown}}
        return reply(answer)

    def match(self, indexes: str, query: Document) -> list[tuple[Key, Document]]:
        """The documents that the kinds of query we use let through."""
        return [
            (key, document)
            for key, document in self.documents.items()
            if fnmatchcase(key[0].removeprefix(".ds-"), indexes) and passes(key[1], document, query)
        ]

    @web.middleware
    async def lack(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Answer as a minimal build does for what it has not."""
        name = handler.__name__
        self.asked[name] += 1
        self.credentials.add(request.headers.get("Authorization", ""))
        if name in self.absent:
            return reply({"error": "no handler found", "status": self.absent[name]}, self.absent[name])
        return await handler(request)


def read_operation(action: Document, document: Document) -> Create:
    ((kind, place),) = action.items()
    over = place["if_seq_no"] if kind == "index" else None
    return Create(place["_index"], place["_id"], document, over)


def reply(body: object, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, headers={**HEADERS, "Content-Type": JSON})


def failed(operation: Create, status: int, error: str) -> Document:
    return {
        "_index": operation.index,
        "_id": operation.id,
        "status": status,
        "error": {"type": error, "reason": "r"},
    }


def answer(items: list[Document]) -> web.Response:
    errors = any(item["status"] not in {200, 201} for item in items)
    return reply({"took": 1, "errors": errors, "items": [{"create": item} for item in items]})


async def healthy(
    fake: FakeElasticsearch, _request: web.Request, operations: list[Create]
) -> web.StreamResponse:
    """Do everything."""
    return answer([fake.create(operation) for operation in operations])


def items_fail(failures: Mapping[int, tuple[int, str]]) -> Step:
    """Do everything but the operations at these places, which meet a status and a type of error."""

    async def step(
        fake: FakeElasticsearch, _request: web.Request, operations: list[Create]
    ) -> web.StreamResponse:
        return answer(
            [
                failed(operation, *failures[place]) if place in failures else fake.create(operation)
                for place, operation in enumerate(operations)
            ]
        )

    return step


def rearranged(change: Callable[[list[Document]], list[Document]]) -> Step:
    """Do everything, and change the list of outcomes before it is answered."""

    async def step(
        fake: FakeElasticsearch, _request: web.Request, operations: list[Create]
    ) -> web.StreamResponse:
        return answer(change([fake.create(operation) for operation in operations]))

    return step


def refused(status: int, body: bytes = b"{}", kind: str = JSON) -> Step:
    """Refuse the whole request."""

    async def step(_fake: FakeElasticsearch, _request: web.Request, _: list[Create]) -> web.StreamResponse:
        return web.Response(body=body, status=status, headers={**HEADERS, "Content-Type": kind})

    return step


def too_large(limit: int) -> Step:
    """Refuse requests of more operations than ``limit``, now and as often as they come."""

    async def step(
        fake: FakeElasticsearch, request: web.Request, operations: list[Create]
    ) -> web.StreamResponse:
        if len(operations) <= limit:
            return await healthy(fake, request, operations)
        fake.script.append(step)
        return reply({}, 413)

    return step


async def lose_answer(
    fake: FakeElasticsearch, request: web.Request, operations: list[Create]
) -> web.StreamResponse:
    """Do everything, and break the connection instead of answering."""
    done = await healthy(fake, request, operations)
    if request.transport is not None:
        request.transport.abort()
    return done


async def break_off(
    fake: FakeElasticsearch, request: web.Request, operations: list[Create]
) -> web.StreamResponse:
    """Do everything, and break the connection in the middle of the answer."""
    done = await healthy(fake, request, operations)
    assert isinstance(done, web.Response)
    assert isinstance(done.body, bytes)
    broken = web.StreamResponse(
        headers={**HEADERS, "Content-Type": JSON, "Content-Length": str(len(done.body))}
    )
    await broken.prepare(request)
    await broken.write(done.body[: len(done.body) // 2])
    if request.transport is not None:
        request.transport.abort()
    return broken


def divert(places: Sequence[int]) -> Step:
    """Do everything, but put the operations at these places into the failure store, as a success."""

    async def step(
        fake: FakeElasticsearch, _request: web.Request, operations: list[Create]
    ) -> web.StreamResponse:
        items = []
        for place, operation in enumerate(operations):
            if place in places:
                stored = {"_index": f".fs-{operation.index}", "_id": "x", "result": "created", "status": 201}
                items.append({**stored, "_id": operation.id, "failure_store": "used"})
            else:
                items.append(fake.create(operation))
        return answer(items)

    return step


def hang_after_doing(released: asyncio.Event) -> Step:
    """Do everything, and answer only when released."""

    async def step(
        fake: FakeElasticsearch, request: web.Request, operations: list[Create]
    ) -> web.StreamResponse:
        done = await healthy(fake, request, operations)
        await released.wait()
        return done

    return step


async def start(fake: FakeElasticsearch, port: int = 0, tls: ssl.SSLContext | None = None) -> web.AppRunner:
    """Serve ``fake`` on a loopback port and set its address."""
    app = web.Application(middlewares=[fake.lack], client_max_size=1 << 26)
    app.router.add_route("*", "/_bulk", fake.bulk)
    app.router.add_route("*", "/_mget", fake.get)
    app.router.add_put("/_index_template/{name}", fake.put_template)
    app.router.add_get("/_cluster/health", fake.health)
    app.router.add_put("/{indexes}/_mapping", fake.put_fields)
    app.router.add_get("/{indexes}/_stats/docs", fake.stats)
    app.router.add_put("/{indexes}/_settings", fake.refresh)
    app.router.add_post("/{indexes}/_flush", fake.refresh)
    app.router.add_post("/{indexes}/_forcemerge", fake.merge)
    app.router.add_post("/{indexes}/_refresh", fake.refresh)
    app.router.add_post("/{indexes}/_count", fake.count)
    app.router.add_post("/{indexes}/_search", fake.search)
    app.router.add_post("/_search", fake.search_pit)
    app.router.add_post("/{indexes}/_pit", fake.open_pit)
    app.router.add_delete("/_pit", fake.close_pit)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls).start()
    fake.url = f"http{'s' if tls else ''}://127.0.0.1:{runner.addresses[0][1]}"
    return runner
