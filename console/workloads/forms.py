"""What trusted issuers take and give."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from console.catalog.forms import Form, Why
from sso.errors import ProviderError
from sso.settings import is_trustworthy
from sso.workload import check_keys

NAME = r"^[a-z0-9][a-z0-9-]{0,63}$"
Pointer = Annotated[str, Field(pattern=r"^/[^/].{0,199}$")]
Pinned = Annotated[str, Field(min_length=1, max_length=500)]


def _address(url: str) -> str:
    if not is_trustworthy(url):
        raise ValueError("must be an https address (plain http only on loopback), without query or fragment")
    return url


def _key_set(pasted: str) -> str:
    try:
        check_keys(pasted)
    except ProviderError:
        raise ValueError("must be a key set (RFC 7517) with a public RSA or EC key") from None
    return pasted


class TrustedIssuerAsk(Form):
    """Ask that tokens of an issuer become a service account.

    `pins` says by JSON pointer the exact text of claims: of ids, since names are given again. Keys come from
    `jwks_url` or are pasted as `jwks`. A token may be made to last at most `longest_seconds`.
    """

    name: Annotated[str, Field(pattern=NAME)]
    issuer: Annotated[str, Field(max_length=512), AfterValidator(_address)]
    audience: Annotated[str, Field(min_length=1, max_length=255)]
    jwks_url: Annotated[str, Field(max_length=512), AfterValidator(_address)] | None = None
    jwks: Annotated[str, Field(max_length=20_000), AfterValidator(_key_set)] | None = None
    pins: Annotated[dict[Pointer, Pinned], Field(min_length=1, max_length=10)]
    longest_seconds: Annotated[int, Field(ge=60, le=86_400)] = 3600
    service: UUID
    reason: Why

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.jwks_url is None) == (self.jwks is None):
            raise ValueError("give either jwks_url or jwks")
        return self


class TrustedIssuerRead(Form):
    """A trusted issuer as admins and auditors see it."""

    id: UUID
    name: str
    issuer: str
    audience: str
    jwks_url: str | None
    pins: dict[str, str]
    longest_seconds: int
    service: UUID
    service_handle: str
    state: str
    created: str


class TrustedIssuerRevoke(Form):
    """Why an issuer is trusted no more."""

    reason: Why
