"""The sinks this installation ships to, by its settings."""

from pathlib import Path
from typing import Final

from audit.formats import FORMATS
from audit.sinks.elasticsearch import PREFIX, ClientCluster, open_cluster
from audit.sinks.file import FileSink
from audit.sinks.http import HttpClient
from audit.sinks.indexed import ElasticsearchSink
from audit.sinks.layout import Layout
from audit.sinks.port import Sink
from audit.sinks.splunk import SplunkSink
from audit.sinks.stream import Address, tls_context
from audit.sinks.syslog import SyslogSink
from audit.sinks.webhook import WebhookSink, read_secret
from console.clock import system_clock
from console.errors import SettingsError
from console.settings import Settings
from console.sink_settings import ElasticsearchSettings

FILES: Final = {"ecs": ("siem/ecs.ndjson", "file"), "ocsf": ("siem/ocsf.ndjson", "file-ocsf")}
"""Path and cursor by format: another format is another file, written from the first entry on."""


def build_sinks(settings: Settings) -> list[Sink]:
    """Return every configured sink; nothing is sent yet.

    Raises:
        SettingsError: a file that a sink needs for TLS cannot be used.
    """
    built = (
        file_sink(settings),
        elasticsearch_sink(settings),
        splunk_sink(settings),
        syslog_sink(settings),
        webhook_sink(settings),
    )
    return [sink for sink in built if sink is not None]


def file_sink(settings: Settings) -> FileSink | None:
    """Return the file of lines, unless it is turned off."""
    if not settings.audit.file_sink:
        return None
    form = FORMATS[settings.audit.file_format]
    place, name = FILES[form.name]
    path = settings.data / place
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return FileSink(path, origin=settings.audit.origin, name=name, form=form)


def elasticsearch_sink(settings: Settings) -> ElasticsearchSink | None:
    """Return the Elasticsearch sink, if one is configured.

    Raises:
        SettingsError: the file of authorities cannot be used.
    """
    given = settings.audit.elasticsearch
    if given is None:
        return None
    layout = Layout(PREFIX, given.data_stream)
    cluster = elasticsearch_cluster(given)
    return ElasticsearchSink(cluster, origin=settings.audit.origin, layout=layout, name="elasticsearch")


def elasticsearch_cluster(given: ElasticsearchSettings) -> ClientCluster:
    """Return the cluster, asked with the credential that was given; nothing is sent yet.

    Raises:
        SettingsError: the file of authorities cannot be used.
    """
    secret = given.password.get_secret_value() if given.password else ""
    try:
        return open_cluster(
            given.url,
            api_key=given.api_key.get_secret_value() if given.api_key else None,
            basic_auth=(given.username, secret) if given.username else None,
            ca_certs=str(given.ca_file.resolve(strict=True)) if given.ca_file else None,
        )
    except OSError as error:
        raise SettingsError(_unusable("elasticsearch", error)) from None


def splunk_sink(settings: Settings) -> SplunkSink | None:
    """Return the Splunk sink, if one is configured.

    Raises:
        SettingsError: the file of authorities cannot be used.
    """
    given = settings.audit.splunk
    if given is None:
        return None
    client = http_client("splunk", given.url, given.networks, given.ca_file)
    token = given.token.get_secret_value()
    form = FORMATS[given.format]
    return SplunkSink(client, token, origin=settings.audit.origin, index=given.index, form=form)


def syslog_sink(settings: Settings) -> SyslogSink | None:
    """Return the syslog sink, if one is configured.

    Raises:
        SettingsError: a file of certificates or keys cannot be used.
    """
    given = settings.audit.syslog
    if given is None:
        return None
    try:
        files = (given.ca_file, given.certificate_file, given.key_file)
        tls = tls_context(*files) if given.tls else None
    except OSError as error:
        raise SettingsError(_unusable("syslog", error)) from None
    form = FORMATS[given.format]
    return SyslogSink(Address(given.host, given.port, tls), origin=settings.audit.origin, form=form)


def webhook_sink(settings: Settings) -> WebhookSink | None:
    """Return the webhook sink, if one is configured.

    Raises:
        SettingsError: the file of authorities cannot be used.
    """
    given = settings.audit.webhook
    if given is None:
        return None
    client = http_client("webhook", given.url, given.networks, given.ca_file)
    secret = read_secret(given.secret.get_secret_value())
    form = FORMATS[given.format]
    return WebhookSink(client, secret, origin=settings.audit.origin, clock=system_clock, form=form)


def http_client(name: str, url: str, networks: tuple[str, ...], ca: Path | None) -> HttpClient:
    """Return the client of one follower.

    Raises:
        SettingsError: a network is none, or the file of authorities cannot be used.
    """
    try:
        return HttpClient(url, networks=networks, ca=str(ca) if ca else None)
    except ValueError:
        raise SettingsError(f"Setting audit.{name}.networks holds something that is no network.") from None
    except OSError as error:
        raise SettingsError(_unusable(name, error)) from None


def _unusable(name: str, error: OSError) -> str:
    return f"A certificate or key file of audit.{name} cannot be used: {error.strerror or error}."
