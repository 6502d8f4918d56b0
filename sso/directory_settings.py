"""Settings of the directory that people and groups are read from."""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from sso.settings import IssuerSettings, is_trustworthy


class DirectorySettings(BaseModel):
    """A Keycloak realm we read as a client of our own, with the least roles (`guildhall directory setup`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    server_url: str = Field(max_length=400, description="Keycloak's address, without `/realms/…`.")
    realm: str = Field(pattern=r"^[^/?#%\s]{1,100}$", description="The realm whose people sign in here.")
    issuer: str | None = Field(
        default=None,
        max_length=512,
        description="The realm as sign-in knows it; none: `server_url` and `/realms/` and the realm.",
    )
    client_id: str = Field(
        default="guildhall-directory", min_length=1, description="Our service-account client there."
    )
    client_secret: SecretStr = Field(description="Its secret; best from a file.")
    groups_claim: str = Field(
        default="groups", description="The claim that carries groups at sign-in; rules name it."
    )
    full_paths: bool = Field(
        default=True,
        description="Whether that claim has whole paths (`/risk/owners`) or last names; as the mapper.",
    )
    organizations_claim: str = Field(
        default="organization", description="The claim that carries the aliases of organisations."
    )
    poll_seconds: int = Field(default=2, ge=1, le=60, description="Seconds between two looks at its events.")
    full_sync_minutes: int = Field(
        default=360, ge=5, le=10_080, description="Minutes after which everything is read again."
    )
    guard_percent: int = Field(
        default=10,
        ge=0,
        le=100,
        description="A sync that takes rights from more people than this share waits for an admin.",
    )
    guard_people: int = Field(
        default=20, ge=0, description="And from more people than this; both must be passed."
    )

    @field_validator("server_url")
    @classmethod
    def _trustworthy(cls, url: str) -> str:
        if not is_trustworthy(url):
            raise ValueError("must be an https address (plain http only on loopback), without query")
        return url.rstrip("/")

    @property
    def known_as(self) -> str:
        """The issuer of the realm's tokens."""
        return self.issuer or f"{self.server_url}/realms/{self.realm}"


def directory_mistakes(directory: DirectorySettings | None, issuers: Iterable[IssuerSettings]) -> list[str]:
    """Return what keeps people of `directory` from signing in, one sentence each."""
    if directory is None or directory.known_as in {issuer.url for issuer in issuers}:
        return []
    issuer = directory.known_as
    return [
        f"Setting directory.issuer: {issuer} is not among sign_in.issuers, so nobody could sign in by it."
    ]
