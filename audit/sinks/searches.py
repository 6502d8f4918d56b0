"""The questions asked of Elasticsearch about what it holds of one log, and how their answers are read."""

from collections.abc import Mapping, Sequence
from typing import Any

from audit.sinks.port import Selection
from audit.sinks.told import MARK

SEQUENCE = "event.sequence"
MAX_HITS = 10_000


def within(origin: str, first: int, last: int | None = None) -> dict[str, Any]:
    """Return the query for entries of the log from ``first`` up to but not including ``last``."""
    span = {"gte": first} if last is None else {"gte": first, "lt": last}
    return {"bool": {"filter": [{"term": {"guildhall.log": origin}}, {"range": {SEQUENCE: span}}]}}


def newest(origin: str) -> dict[str, Any]:
    """Return the search for the entry with the highest index."""
    return {
        "query": {"bool": {"filter": [{"term": {"guildhall.log": origin}}]}},
        "sort": [{SEQUENCE: {"order": "desc", "unmapped_type": "long"}}],
        "size": 1,
        "source": False,
        "docvalue_fields": [SEQUENCE],
        "track_total_hits": False,
    }


def held(origin: str, first: int, last: int) -> dict[str, Any]:
    """Return the search for all indexes in a span that is small enough for one answer."""
    return {
        "query": within(origin, first, last),
        "size": MAX_HITS,
        "source": False,
        "docvalue_fields": [SEQUENCE],
        "track_total_hits": False,
    }


def by_ids(ids: Sequence[str], fields: Sequence[str]) -> dict[str, Any]:
    """Return the search for documents by their ids, each as often as it is there."""
    return {
        "query": {"ids": {"values": list(ids)}},
        "size": MAX_HITS,
        "source": list(fields),
        "track_total_hits": False,
    }


def everything_of(origin: str, page: int) -> dict[str, Any]:
    """Return the search for the first page of all documents that are of the log or name none."""
    nameless = {"bool": {"must_not": {"exists": {"field": "guildhall.log"}}}}
    order = {"order": "asc", "missing": "_last", "unmapped_type": "long"}
    return {
        "query": {"bool": {"filter": {"bool": {"should": [{"term": {"guildhall.log": origin}}, nameless]}}}},
        "sort": [{SEQUENCE: order}],
        "size": page,
        "track_total_hits": False,
    }


def disclosed(origin: str, which: Selection, after: int, size: int) -> dict[str, Any]:
    """Return the search for the first copies behind the entry ``after`` that hold details, as selected."""
    mark, first, last = f"guildhall.{MARK}", after + 1, None
    wanted: list[dict[str, Any]] = [{"exists": {"field": mark}}]
    if which.subjects is not None:
        wanted = [{"terms": {mark: list(which.subjects)}}]
    if which.span is not None:
        retention, first, last = which.span[0], max(first, which.span[1]), which.span[2] + 1
        wanted.append({"term": {"guildhall.retention": retention}})
    return {
        "query": {"bool": {"filter": [within(origin, first, last), *wanted]}},
        "sort": [{SEQUENCE: {"order": "asc", "unmapped_type": "long"}}],
        "size": size,
        "source": False,
        "docvalue_fields": [SEQUENCE],
        "seq_no_primary_term": True,
        "track_total_hits": False,
    }


def per_bucket(origin: str, first: int, last: int, step: int) -> dict[str, Any]:
    """Return the search that counts the documents of each ``step`` indexes."""
    histogram = {"field": SEQUENCE, "interval": step, "min_doc_count": 1}
    return {
        "query": within(origin, first, last),
        "size": 0,
        "aggregations": {"buckets": {"histogram": histogram}},
        "track_total_hits": False,
    }


def read_indexes(answer: Mapping[str, Any]) -> list[int]:
    """Return the indexes of the hits."""
    return [int(hit["fields"][SEQUENCE][0]) for hit in answer["hits"]["hits"]]


def read_buckets(answer: Mapping[str, Any]) -> dict[int, int]:
    """Return the documents per bucket, by the first index of the bucket."""
    if answer["_shards"]["total"] == 0:
        return {}  # no index at all, so nothing was aggregated
    buckets = answer["aggregations"]["buckets"]["buckets"]
    return {int(bucket["key"]): int(bucket["doc_count"]) for bucket in buckets}
