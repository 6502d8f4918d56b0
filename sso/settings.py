"""Settings of sign-in: frozen, checked when made."""

from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

AUDIENCE = "guildhall"
"""The `aud` every access token must carry (contract, "Claims")."""

Algorithm = Literal["RS256", "PS256", "ES256"]


class IssuerSettings(BaseModel):
    """One OpenID provider and how this product is known to it.

    `url` is the issuer exactly as the provider writes it; `leeway` is in seconds. Without
    `client_secret` the client is public (PKCE protects the code either way). `step_up_acr` lists the
    `acr` values that count as strong, most wanted first. Only `algorithms` are accepted for signatures.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(max_length=512, description="The issuer, exactly as the provider writes it.")
    name: str | None = Field(
        default=None,
        max_length=80,
        description="What people know it by when there are several to choose from.",
    )
    client_id: str = Field(default="guildhall", min_length=1, description="Our client there.")
    client_secret: SecretStr | None = Field(
        default=None, description="Its secret; without one the client is public. PKCE protects the code."
    )
    device_client_id: str = Field(
        default="guildhall-cli", min_length=1, description="The public client of `guildhall login` there."
    )
    pushed: bool = Field(
        default=True,
        description="Whether requests go to the provider directly (RFC 9126) where it offers that.",
    )
    scopes: tuple[str, ...] = Field(
        default=("openid", "profile", "email"), description="What is asked for; `openid` must be among them."
    )
    step_up_acr: tuple[str, ...] = Field(
        default=("gold",),
        min_length=1,
        description="The `acr` values that count as strong, most wanted first.",
    )
    leeway: int = Field(default=30, ge=0, le=60, description="Seconds that clocks may differ.")
    algorithms: tuple[Algorithm, ...] = Field(
        default=("RS256", "ES256"), min_length=1, description="The only signatures accepted."
    )

    @property
    def label(self) -> str:
        """The name people choose it by."""
        return self.name or urlsplit(self.url).netloc

    @field_validator("url")
    @classmethod
    def _trustworthy(cls, url: str) -> str:
        if not is_trustworthy(url):
            raise ValueError(
                "must be an https address (plain http only on loopback), without query or fragment"
            )
        return url

    @field_validator("scopes")
    @classmethod
    def _openid(cls, scopes: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in scopes:
            raise ValueError("must contain openid")
        return scopes


class SessionSettings(BaseModel):
    """How long a browser session lasts, and how often its provider confirms it; all in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    idle: int = Field(default=30 * 60, ge=60, description="Seconds without a request after which it ends.")
    absolute: int = Field(default=10 * 60 * 60, ge=60, description="Seconds after which it ends in any case.")
    refresh: int = Field(
        default=5 * 60,
        ge=10,
        le=60 * 60,
        description="Seconds after which the provider confirms it again, and rights are read anew.",
    )
    stale: int = Field(
        default=15 * 60,
        ge=60,
        le=4 * 60 * 60,
        description="Seconds it goes on unconfirmed while the provider does not answer; then it refuses.",
    )


class KeySettings(BaseModel):
    """How long keys of programs last."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    longest_days: int = Field(
        default=365, ge=1, le=365, description="The longest a key may last, in days; never over a year."
    )
    longest_grace_hours: int = Field(
        default=168,
        ge=0,
        le=168,
        description="How long the old secret of a rotated key may still count, in hours; never over a week.",
    )


def is_trustworthy(url: str) -> bool:
    """Say whether `url` is https, or http on loopback, with nothing hidden in it."""
    parts = urlsplit(url)
    if not parts.hostname or parts.username or parts.query or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))


def is_loopback(host: str) -> bool:
    """Say whether `host` (a name or an address) is this machine only."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
