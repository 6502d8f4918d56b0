"""Settings: read once at start from guildhall.toml and the environment, frozen, checked in one place."""

import os
from collections.abc import Mapping
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from console.errors import SettingsError
from sso.settings import IssuerSettings

PREFIX = "GUILDHALL_"


class Profile(StrEnum):
    """Embedded needs nothing installed; production never starts with a development part."""

    EMBEDDED = "embedded"
    PRODUCTION = "production"


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ServerSettings(_Section):
    """Where the console listens and how the outside calls it."""

    host: str = "127.0.0.1"
    port: int = Field(default=8400, ge=1, le=65535)
    public_url: str | None = None
    tls_terminated_by: str | None = None


class DatabaseSettings(_Section):
    """Addresses of the main and the log tree; None means SQLite files in the data folder."""

    url: SecretStr | None = None
    log_url: SecretStr | None = None


class PolicySettings(_Section):
    """Which engine decides, and what happens when it cannot."""

    engine: Literal["embedded", "opa"] = "embedded"
    opa_url: str | None = None
    fallback: Literal["none", "embedded"] = "none"


class ElasticsearchSettings(_Section):
    """The Elasticsearch follower."""

    url: str
    username: str | None = None
    password: SecretStr | None = None


class AuditSettings(_Section):
    """The log's name, and who follows it."""

    origin: str = "localhost/guildhall/log"
    file_sink: bool = True
    elasticsearch: ElasticsearchSettings | None = None


class GatewaySettings(_Section):
    """Limits of the data path, and the networks clusters may live in."""

    host: str | None = None
    networks: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    upstream_timeout_seconds: int = Field(default=30, ge=1, le=600)
    body_limit_bytes: int = Field(default=16 * 1024 * 1024, ge=1024)


class SignInSettings(_Section):
    """The identity providers; embedded adds the development provider by itself."""

    issuers: tuple[IssuerSettings, ...] = ()


class _FileSecrets(EnvSettingsSource):
    """Reads `GUILDHALL_SECTION__KEY_FILE` and offers the file's text as `SECTION__KEY`."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {
            name.removesuffix("_FILE").lower(): Path(path).read_text(encoding="utf-8").strip()
            for name, path in os.environ.items()
            if name.startswith(PREFIX) and name.endswith("_FILE")
        }


class Settings(BaseSettings):
    """Everything the product can be told; see docs/reference/settings.md."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid", toml_file="guildhall.toml"
    )

    profile: Profile = Profile.EMBEDDED
    data: Path = Path("var")
    server: ServerSettings = ServerSettings()
    database: DatabaseSettings = DatabaseSettings()
    sign_in: SignInSettings = SignInSettings()
    policy: PolicySettings = PolicySettings()
    audit: AuditSettings = AuditSettings()
    gateway: GatewaySettings = GatewaySettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings passes it by name
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: given in code, environment, secret files, then guildhall.toml."""
        toml = TomlConfigSettingsSource(settings_cls)
        return init_settings, env_settings, _FileSecrets(settings_cls), toml

    @model_validator(mode="after")
    def _check(self) -> "Settings":
        mistakes = list(_mistakes(self))
        if mistakes:
            raise ValueError("\n".join(mistakes))
        return self

    @property
    def embedded(self) -> bool:
        """Whether this is the embedded profile."""
        return self.profile is Profile.EMBEDDED

    @property
    def base_url(self) -> str:
        """The address people and clients use, without a trailing slash."""
        return (self.server.public_url or f"http://{self.server.host}:{self.server.port}").rstrip("/")

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
    found = _policy_mistakes(settings)
    found += _embedded_mistakes(settings) if settings.embedded else _production_mistakes(settings)
    return found


def _policy_mistakes(settings: Settings) -> list[str]:
    if settings.policy.engine == "opa" and not settings.policy.opa_url:
        return ["Setting policy.opa_url is missing: the engine `opa` needs the address of an OPA server."]
    return []


def _embedded_mistakes(settings: Settings) -> list[str]:
    if not is_loopback(settings.server.host):
        return ["Setting server.host must be a loopback address in the embedded profile."]
    return []


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
