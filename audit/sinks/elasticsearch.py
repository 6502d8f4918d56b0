"""The official Elasticsearch client behind the port of audit.sinks.cluster; nothing else imports it.

The client's own bulk helpers are not used: they lose which entries were sent when a connection breaks, retry
429 only, and turn prepared bytes into ``index`` operations that overwrite. ``GET /`` is never asked: some
builds lack it.
"""

import contextlib
from collections.abc import Awaitable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, cast

from elastic_transport import ObjectApiResponse
from elastic_transport.client_utils import DEFAULT
from elasticsearch import (
    ApiError,
    AsyncElasticsearch,
    ConnectionTimeout,
    OrjsonSerializer,
    SerializationError,
    TransportError,
    UnsupportedProductError,
)

from audit.sinks.cluster import ABSENT, Answer, ClusterError, read_answer
from audit.sinks.indexed import ElasticsearchSink
from audit.sinks.layout import Layout

NOT_JSON = "Elasticsearch, or a proxy before it, answered with something that is not its JSON."
PREFIX = "guildhall-audit-v1"
KEEP_ALIVE = "5m"
NOTHING_STAYS = {"index.merge.policy.expunge_deletes_allowed": 0}
BUSY = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


def open_elasticsearch(
    url: str,
    *,
    origin: str,
    prefix: str = PREFIX,
    stream: bool = False,
    name: str = "elasticsearch",
    api_key: str | None = None,
    basic_auth: tuple[str, str] | None = None,
    ca_certs: str | None = None,
    timeout: float = 30.0,
) -> "ElasticsearchSink":
    """Return a sink for the cluster at ``url``; nothing is sent yet.

    Args:
        url: scheme, host and port.
        origin: the log's name, part of every ``_id``.
        prefix: the start of every index name.
        stream: whether documents go to a data stream instead of plain indices.
        name: the key of the cursor.
        api_key: an API key, or None.
        basic_auth: user and password, or None.
        ca_certs: path of the certificate authority's file for ``https``.
        timeout: seconds until a request counts as unanswered.
    """
    cluster = open_cluster(url, api_key=api_key, basic_auth=basic_auth, ca_certs=ca_certs, timeout=timeout)
    return ElasticsearchSink(cluster, origin=origin, layout=Layout(prefix, stream), name=name)


def open_cluster(
    url: str,
    *,
    api_key: str | None = None,
    basic_auth: tuple[str, str] | None = None,
    ca_certs: str | None = None,
    timeout: float = 30.0,
) -> "ClientCluster":
    """Return the cluster at ``url``, the arguments as above; nothing is sent yet."""
    client = AsyncElasticsearch(
        url,
        api_key=api_key,
        basic_auth=basic_auth,
        request_timeout=timeout,
        max_retries=0,
        retry_on_timeout=False,
        serializer=OrjsonSerializer(),
        ca_certs=DEFAULT if ca_certs is None else ca_certs,
    )
    return ClientCluster(client)


class ClientCluster:
    """A cluster asked through the official client; every failure becomes one ``ClusterError``."""

    def __init__(self, client: AsyncElasticsearch) -> None:
        self._client = client

    async def put_template(self, name: str, template: Mapping[str, Any]) -> None:
        """Put an index template."""
        await ask(self._client.indices.put_index_template(name=name, **template))

    async def put_fields(self, indexes: str, properties: Mapping[str, Any]) -> None:
        """Add fields to the mapping of the indices that are there."""
        await ask(
            self._client.indices.put_mapping(index=indexes, properties=properties, allow_no_indices=True)
        )

    async def bulk(self, operations: Sequence[bytes]) -> Answer:
        """Send lines of ``_bulk``."""
        # The client's annotation lacks bytes, which its serializer passes through as they are.
        return await ask(self._client.bulk(operations=cast("Sequence[Mapping[str, Any]]", operations)))

    async def get(self, documents: Sequence[Mapping[str, Any]]) -> Answer:
        """Get documents by id."""
        return await ask(self._client.mget(docs=documents))

    async def refresh(self, indexes: str) -> None:
        """Make what was acknowledged searchable."""
        await ask(self._client.indices.refresh(index=indexes))

    async def search(self, indexes: str, search: Mapping[str, Any]) -> Answer:
        """Search."""
        # Half an answer would look like missing documents.
        return await ask(self._client.search(index=indexes, allow_partial_search_results=False, **search))

    async def open_pit(self, indexes: str) -> str:
        """Keep what is searchable now for a reader."""
        answer = await ask(self._client.open_point_in_time(index=indexes, keep_alive=KEEP_ALIVE))
        return read_answer(lambda found: str(found["id"]), answer)

    async def search_pit(self, pit: str, search: Mapping[str, Any]) -> Answer:
        """Search what a reader sees."""
        reader = {"id": pit, "keep_alive": KEEP_ALIVE}
        return await ask(self._client.search(pit=reader, allow_partial_search_results=False, **search))

    async def close_pit(self, pit: str) -> None:
        """Let go of a reader."""
        with contextlib.suppress(ClusterError):
            await ask(self._client.close_point_in_time(id=pit))

    async def count(self, indexes: str, query: Mapping[str, Any]) -> int:
        """Count the documents that match."""
        return read_answer(read_count, await ask(self._client.count(index=indexes, query=query)))

    async def count_deleted(self, indexes: str) -> int:
        """Count the documents that were deleted or overwritten and are still kept."""
        answer = await ask(self._client.indices.stats(index=indexes, metric="docs"))
        return read_answer(read_deleted, answer)

    async def expunge(self, indexes: str) -> None:
        """Merge away the documents that were deleted or overwritten, however few they are in a segment."""
        indices = self._client.indices
        await ask(indices.put_settings(index=indexes, settings=NOTHING_STAYS))
        await ask(indices.forcemerge(index=indexes, only_expunge_deletes=True))
        # The old segments go with the last reader of them, what was sent with the next commit.
        await ask(indices.refresh(index=indexes))
        await ask(indices.flush(index=indexes, force=True))

    async def health(self) -> Answer:
        """Return the state of the cluster."""
        return await ask(self._client.cluster.health())

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


async def ask(request: Awaitable[ObjectApiResponse[Any]]) -> Answer:
    """Return the answer's object.

    Raises:
        ClusterError: no answer, a refusal, or an answer that is no object.
    """
    try:
        body: object = (await request).body
    except ApiError as error:
        raise ClusterError(explain_refusal(error), error.status_code) from None
    except TransportError as error:
        raise ClusterError(explain_silence(error)) from None
    if isinstance(body, Mapping):
        return body
    raise ClusterError(NOT_JSON)


def read_count(answer: Answer) -> int:
    """Return the count of all shards; one that did not answer makes it no count."""
    if answer.get("_shards", {}).get("failed"):
        raise LookupError
    return int(answer["count"])


def read_deleted(answer: Answer) -> int:
    """Return the deleted documents of all shards."""
    return int(answer["_all"]["total"].get("docs", {}).get("deleted", 0))


def explain_silence(error: TransportError) -> str:
    """Return why there was no answer, in one sentence."""
    if isinstance(error, ConnectionTimeout):
        return "Elasticsearch did not answer in time."
    return NOT_JSON if isinstance(error, SerializationError) else "Elasticsearch cannot be reached."


def explain_refusal(error: ApiError) -> str:
    """Return what a refused request means, in one sentence."""
    status = error.status_code
    if isinstance(error, UnsupportedProductError):
        return "The server at this address is not Elasticsearch."
    if status in BUSY:
        return f"Elasticsearch is overloaded or starting ({status})."
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return f"Elasticsearch refuses these credentials, or blocks writing ({status})."
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return "One entry is larger than Elasticsearch accepts (413)."
    if status in ABSENT:
        return f"Something needed is not available in this Elasticsearch ({status})."
    return f"Elasticsearch failed ({status})."
