"""Settings: read once at start from guildhall.toml and the environment, frozen, checked in one place."""

import os
from collections.abc import Mapping
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from console.errors import SettingsError
from console.gateway_settings import GatewaySettings
from console.policy_settings import PolicySettings, policy_mistakes
from console.sink_settings import (
    ElasticsearchSettings,
    Section,
    SplunkSettings,
    SyslogSettings,
    WebhookSettings,
)
from console.trust_settings import HeadSettings, TimestampSettings, WitnessSettings, trust_mistakes
from sso.directory_settings import DirectorySettings, directory_mistakes
from sso.settings import IssuerSettings, KeySettings, SessionSettings

PREFIX = "GUILDHALL_"
FILE_SUFFIX = "_FILE"


class Profile(StrEnum):
    """Embedded needs nothing installed; production never starts with a development part."""

    EMBEDDED = "embedded"
    PRODUCTION = "production"


class ServerSettings(Section):
    """Where the console listens and how the outside calls it."""

    host: str = Field("127.0.0.1", description="The address to listen at; embedded: loopback only.")
    port: int = Field(8400, ge=1, le=65535, description="The TCP port to listen at.")
    public_url: str | None = Field(
        None, description="The address people and clients use, when a proxy stands in front."
    )
    tls_terminated_by: str | None = Field(
        None, description="Who ends TLS, in a word; production beyond loopback starts only with it or https."
    )


class DatabaseSettings(Section):
    """Addresses of the main tree, the log and the key store; None means SQLite files in the data folder."""

    url: SecretStr | None = Field(
        None,
        description="SQLAlchemy address of the main tree, a secret; none: `guildhall.db` in the data folder.",
    )
    log_url: SecretStr | None = Field(
        None,
        description="The same for the log, a secret; none: `database.url`, else `log.db` in the data folder.",
    )
    keys_url: SecretStr | None = Field(
        None,
        description="The same for the subject keys, a secret: a database apart, never in one backup with "
        "what they open; none: `keys/subject.db` in the data folder.",
    )


class BreakGlassSettings(Section):
    """Whether two sealed credentials may be used when nobody can sign in."""

    enabled: bool = Field(
        default=False, description="Whether break glass can be sealed and opened, on this host alone."
    )


class AuditSettings(Section):
    """The log's name, and who follows it."""

    origin: str = Field(
        "localhost/guildhall/log",
        description="The log's name in its checkpoints and key; fixed by the first entry, so choose it once.",
    )
    public: bool = Field(
        default=False,
        description="Whether anybody may read checkpoint, time stamp and hash tiles of `/log`; no entries.",
    )
    file_sink: bool = Field(
        default=True, description="Whether entries are also written to a file, one line each."
    )
    file_format: Literal["ecs", "ocsf"] = Field(
        "ecs", description="`ecs`: lines of Elastic's Common Schema; `ocsf`: of OCSF, in a file of its own."
    )
    compare_seconds: int = Field(
        30, ge=1, le=50, description="Seconds between two comparisons of the tables with the log."
    )
    reconcile_seconds: int = Field(
        60,
        ge=5,
        description="Seconds between two comparisons of a follower that has everything with the log.",
    )
    elasticsearch: ElasticsearchSettings | None = None
    splunk: SplunkSettings | None = None
    syslog: SyslogSettings | None = None
    webhook: WebhookSettings | None = None
    heads: HeadSettings = HeadSettings()
    witnesses: tuple[WitnessSettings, ...] = Field((), description="Witnesses that cosign checkpoints.")
    witness_quorum: int = Field(1, ge=1, description="How many of them have to cosign.")
    timestamp: TimestampSettings | None = None


class SignInSettings(Section):
    """The identity providers; embedded adds the development provider by itself."""

    issuers: tuple[IssuerSettings, ...] = ()
    sessions: SessionSettings = SessionSettings()


class _Environment(EnvSettingsSource):
    """Reads `GUILDHALL_SECTION__KEY`; names that end in `_FILE` are another source's."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        given = super()._load_env_vars()
        return {name: value for name, value in given.items() if not name.endswith(FILE_SUFFIX.lower())}


class _FileSecrets(EnvSettingsSource):
    """Reads `GUILDHALL_SECTION__KEY_FILE` and offers the file's text as `SECTION__KEY`."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {
            name.removesuffix(FILE_SUFFIX).lower(): Path(path).read_text(encoding="utf-8").strip()
            for name, path in os.environ.items()
            if name.startswith(PREFIX) and name.endswith(FILE_SUFFIX)
        }


class Settings(BaseSettings):
    """Everything the product can be told; see docs/reference/settings.md."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid", toml_file="guildhall.toml"
    )

    profile: Profile = Field(
        Profile.EMBEDDED,
        description="`embedded` needs nothing installed; `production` refuses every development part.",
    )
    data: Path = Field(Path("var"), description="The folder of the databases, spools, keys and tiles.")
    server: ServerSettings = ServerSettings()
    database: DatabaseSettings = DatabaseSettings()
    sign_in: SignInSettings = SignInSettings()
    keys: KeySettings = KeySettings()
    break_glass: BreakGlassSettings = BreakGlassSettings()
    directory: DirectorySettings | None = None
    policy: PolicySettings = PolicySettings()
    audit: AuditSettings = AuditSettings()
    gateway: GatewaySettings = GatewaySettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - none is read
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: given in code, environment, secret files, then guildhall.toml."""
        toml = TomlConfigSettingsSource(settings_cls)
        return init_settings, _Environment(settings_cls), _FileSecrets(settings_cls), toml

    @model_validator(mode="after")
    def _check(self) -> "Settings":
        mistakes = list(_mistakes(self))
        if mistakes:
            raise ValueError("\n".join(mistakes))
        return self

    @property
    def spool(self) -> Path:
        """The folder of what processes write and the worker reads."""
        return self.data / "spool"

    @property
    def artifacts(self) -> dict[str, Path]:
        """The folders of artifacts by the name of the cluster that serves them."""
        own = {"demo": self.data / "demo" / "models"} if self.embedded else {}
        return {**own, **self.gateway.artifacts}

    @property
    def embedded(self) -> bool:
        """Whether this is the embedded profile."""
        return self.profile is Profile.EMBEDDED

    @property
    def base_url(self) -> str:
        """The address people and clients use, without a trailing slash."""
        return (self.server.public_url or self.listening_url).rstrip("/")

    @property
    def listening_url(self) -> str:
        """The address the server itself listens at."""
        host = self.server.host.strip("[]")
        return f"http://{f'[{host}]' if ':' in host else host}:{self.server.port}"

    @property
    def main_url(self) -> str:
        """The main database's SQLAlchemy address."""
        given = self.database.url
        return given.get_secret_value() if given else f"sqlite+aiosqlite:///{self.data / 'guildhall.db'}"

    @property
    def log_url(self) -> str:
        """The log database's SQLAlchemy address."""
        given = self.database.log_url or self.database.url
        return given.get_secret_value() if given else f"sqlite+aiosqlite:///{self.data / 'log.db'}"

    @property
    def keys_url(self) -> str:
        """The key store's SQLAlchemy address; it never follows `database.url`."""
        given = self.database.keys_url
        own = f"sqlite+aiosqlite:///{self.data / 'keys' / 'subject.db'}"
        return given.get_secret_value() if given else own


def load_settings(**given: Any) -> Settings:  # noqa: ANN401 - pydantic checks each value
    """Return checked settings.

    Raises:
        SettingsError: with one sentence per mistake, naming the setting.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SettingsError("\n".join(_sentence(item) for item in error.errors())) from None
    except OSError as error:
        raise SettingsError(f"A secret file cannot be read: {error.filename}.") from None


def _sentence(item: Mapping[str, Any]) -> str:
    name = ".".join(str(part) for part in item["loc"])
    text = str(item["msg"]).removeprefix("Value error, ")
    return f"Setting {name}: {text}." if name else text


def _mistakes(settings: Settings) -> list[str]:
    found = _address_mistakes(settings)
    if found:
        return found
    found = policy_mistakes(settings.policy) + _key_store_mistakes(settings)
    found += directory_mistakes(settings.directory, settings.sign_in.issuers)
    found += trust_mistakes(settings.audit.witnesses, settings.audit.witness_quorum)
    found += _embedded_mistakes(settings) if settings.embedded else _production_mistakes(settings)
    return found


def _address_mistakes(settings: Settings) -> list[str]:
    followers = {
        f"audit.{name}.url": given.url
        for name in ("elasticsearch", "splunk", "webhook")
        if (given := getattr(settings.audit, name)) is not None
    }
    given = {
        "server.public_url": settings.server.public_url,
        "policy.opa_url": settings.policy.opa_url,
        **followers,
        **{f"audit.witnesses.{place}.url": one.url for place, one in enumerate(settings.audit.witnesses)},
        "audit.timestamp.url": settings.audit.timestamp.url if settings.audit.timestamp else None,
    }
    found = []
    for name, url in given.items():
        parts = urlsplit(url or "http://none")
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            found.append(f"Setting {name} is not an http or https address.")
        elif parts.username or parts.password:
            found.append(f"Setting {name} carries a credential; settings are recorded, so it must not.")
    return found


def _key_store_mistakes(settings: Settings) -> list[str]:
    keys = _place_of(settings.keys_url)
    if keys not in (_place_of(settings.main_url), _place_of(settings.log_url)):
        return []
    return ["Setting database.keys_url names the database of records or log: one backup would hold both."]


def _place_of(url: str) -> tuple[str | None, str, str]:
    # By hand: importing SQLAlchemy would make every command start later.
    parts = urlsplit(url)
    return parts.hostname, parts.netloc.rpartition("@")[2].partition(":")[2] or "5432", parts.path


def _embedded_mistakes(settings: Settings) -> list[str]:
    found = []
    if not is_loopback(settings.server.host):
        found.append("Setting server.host must be a loopback address in the embedded profile.")
    if not is_loopback(urlsplit(settings.base_url).hostname or ""):
        found.append("Setting server.public_url must be a loopback address in the embedded profile.")
    return found


def _production_mistakes(settings: Settings) -> list[str]:
    found = []
    if not settings.sign_in.issuers:
        found.append("Setting sign_in.issuers is empty: production needs a real identity provider.")
    plain = not settings.base_url.startswith("https://")
    if plain and not is_loopback(settings.server.host) and not settings.server.tls_terminated_by:
        found.append("Setting server.tls_terminated_by is missing: beyond loopback, say who ends TLS.")
    return found


def is_loopback(host: str) -> bool:
    """Whether `host` names this machine only."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
