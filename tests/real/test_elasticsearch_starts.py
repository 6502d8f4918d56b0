import pytest

from tests.real.elasticsearch import ElasticsearchServer
from tests.real.wire import ask

pytestmark = pytest.mark.real


def test_it_is_healthy(elasticsearch_url: str) -> None:
    status, health = ask("GET", f"{elasticsearch_url}/_cluster/health")
    assert (status, health["status"]) in {(200, "green"), (200, "yellow")}


def test_creating_the_same_id_twice_is_a_conflict_and_counts_once(elasticsearch_url: str) -> None:
    lines = b'{"create":{"_id":"1"}}\n{"action":"model.invoke"}\n' * 2
    _, answer = ask("POST", f"{elasticsearch_url}/starts/_bulk?refresh=true", lines)
    assert [item["create"]["status"] for item in answer["items"]] == [201, 409]
    assert ask("GET", f"{elasticsearch_url}/starts/_count")[1]["count"] == 1


def test_it_keeps_its_documents_over_a_restart(elasticsearch: ElasticsearchServer) -> None:
    url = elasticsearch.url
    ask("PUT", f"{url}/kept/_doc/1?refresh=true", {"kept": True})
    elasticsearch.stop()
    elasticsearch.start()
    assert (elasticsearch.url, ask("GET", f"{url}/kept/_doc/1")[1]["_source"]) == (url, {"kept": True})
