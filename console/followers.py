"""The sinks this installation ships to, by its settings."""

from audit.sinks.elasticsearch import open_elasticsearch
from audit.sinks.file import FileSink
from audit.sinks.indexed import ElasticsearchSink
from audit.sinks.port import Sink
from console.settings import Settings

ECS_FILE = "siem/ecs.ndjson"


def build_sinks(settings: Settings) -> list[Sink]:
    """Return every configured sink; nothing is sent yet."""
    sinks: list[Sink] = []
    if settings.audit.file_sink:
        path = settings.data / ECS_FILE
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        sinks.append(FileSink(path, origin=settings.audit.origin))
    elastic = elasticsearch_sink(settings)
    return [*sinks, elastic] if elastic else sinks


def elasticsearch_sink(settings: Settings) -> ElasticsearchSink | None:
    """Return the Elasticsearch sink, if one is configured."""
    given = settings.audit.elasticsearch
    if given is None:
        return None
    secret = given.password.get_secret_value() if given.password else ""
    basic = (given.username, secret) if given.username else None
    return open_elasticsearch(given.url, origin=settings.audit.origin, basic_auth=basic)
