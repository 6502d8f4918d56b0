"""Settings of the log's followers, one section each; a section that is absent is a follower that is not."""

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from audit.errors import AuditError
from audit.sinks.webhook import read_secret

NETWORKS = "Private networks it may be in, as CIDR; public addresses always may."
FORMAT = "`ecs`: documents of Elastic's Common Schema; `ocsf`: events of OCSF 1.8."
AUTHORITIES = "PEM file of the authorities to trust; none: those of the system."


class Section(BaseModel):
    """A part of the settings: frozen, and nothing in it that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ElasticsearchSettings(Section):
    """The Elasticsearch follower."""

    url: str = Field(description="The cluster's address, with its port.")
    username: str | None = Field(None, description="Who we are there; none: no credential is sent.")
    password: SecretStr | None = Field(None, description="Our password there, a secret.")
    api_key: SecretStr | None = Field(
        None, description="An API key in its encoded form, a secret; instead of name and password."
    )
    ca_file: Path | None = Field(None, description=AUTHORITIES)
    data_stream: bool = Field(
        default=False, description="Whether entries go to a data stream instead of plain indices by range."
    )

    @model_validator(mode="after")
    def _check_credential(self) -> "ElasticsearchSettings":
        if self.api_key is not None and self.username is not None:
            raise ValueError("Both an API key and a name are given; only one of them can be sent")
        return self

    @model_validator(mode="after")
    def _check_address(self) -> "ElasticsearchSettings":
        parts = urlsplit(self.url)
        if parts.hostname and parts.port is None:
            raise ValueError("The address says no port; Elasticsearch itself listens on 9200")
        if self.ca_file is not None and parts.scheme == "http":
            raise ValueError("A file of authorities is given, and the address is not https")
        return self


class SyslogSettings(Section):
    """A receiver of syslog (RFC 5424 with octet counting), over TLS unless told otherwise."""

    host: str = Field(description="The receiver's name, which its certificate carries, or its address.")
    port: int = Field(6514, ge=1, le=65535, description="Its TCP port.")
    tls: bool = Field(default=True, description="Whether to speak TLS; without it anybody between may read.")
    ca_file: Path | None = Field(None, description=AUTHORITIES)
    certificate_file: Path | None = Field(None, description="PEM file of our own certificate.")
    key_file: Path | None = Field(None, description="PEM file of its key; none: beside the certificate.")
    format: Literal["ecs", "ocsf"] = Field("ecs", description=FORMAT)


class SplunkSettings(Section):
    """Splunk's HTTP Event Collector, with indexer acknowledgement."""

    url: str = Field(description="The collector's base address, without /services/collector.")
    token: SecretStr = Field(description="The collector's token, a secret; its acknowledgement must be on.")
    index: str | None = Field(None, description="The index to write to; none: the token's own.")
    networks: tuple[str, ...] = Field((), description=NETWORKS)
    ca_file: Path | None = Field(None, description=AUTHORITIES)
    format: Literal["ecs", "ocsf"] = Field("ecs", description=FORMAT)


class WebhookSettings(Section):
    """A receiver of signed messages (Standard Webhooks)."""

    url: str = Field(description="The receiver's address.")
    secret: SecretStr = Field(description="`whsec_` and base64 of 24 to 64 bytes, a secret.")
    networks: tuple[str, ...] = Field((), description=NETWORKS)
    ca_file: Path | None = Field(None, description=AUTHORITIES)
    format: Literal["ecs", "ocsf"] = Field("ecs", description=FORMAT)

    @field_validator("secret")
    @classmethod
    def _check_secret(cls, secret: SecretStr) -> SecretStr:
        try:
            read_secret(secret.get_secret_value())
        except AuditError as error:
            raise ValueError(str(error)) from None
        return secret
