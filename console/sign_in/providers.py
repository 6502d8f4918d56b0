"""The identity providers this installation trusts, and what each needs at run time."""

from collections.abc import Mapping, Sequence

import httpx2

from console.clock import Clock
from console.errors import NotFoundError
from console.settings import Settings
from sso.metadata import ProviderMetadata
from sso.oidc import RelyingParty
from sso.settings import IssuerSettings
from sso.tokens import BearerVerifier

DEV_PROVIDER_PATH = "/dev-idp"
DEV_ACR = "dev-2"
DEV_NAME = "Development provider"


def configured_issuers(settings: Settings) -> tuple[IssuerSettings, ...]:
    """Return the issuers of `settings`; the embedded profile adds its development provider."""
    if not settings.embedded:
        return settings.sign_in.issuers
    own = IssuerSettings(url=dev_issuer(settings), name=DEV_NAME, step_up_acr=(DEV_ACR,))
    return (own, *settings.sign_in.issuers)


def dev_issuer(settings: Settings) -> str:
    """Return the issuer of the development provider, which lives in the console's own process."""
    return settings.base_url + DEV_PROVIDER_PATH


class Providers:
    """The trusted issuers, each with its relying party, and one verifier of bearer tokens."""

    def __init__(self, issuers: Sequence[IssuerSettings], http: httpx2.AsyncClient, clock: Clock) -> None:
        """Prepare `issuers`; their metadata is fetched when first needed, since one is this very process."""
        self.metadata = {issuer.url: ProviderMetadata(issuer, http, clock) for issuer in issuers}
        self.issuers: Mapping[str, IssuerSettings] = {issuer.url: issuer for issuer in issuers}
        self.verifier = BearerVerifier(self.metadata, clock=clock)
        self._parties = {
            url: RelyingParty(self.issuers[url], found, clock) for url, found in self.metadata.items()
        }

    @property
    def default(self) -> str:
        """The issuer people are sent to when they do not choose."""
        return next(iter(self.issuers))

    def allowed_acr(self, issuer: str) -> tuple[str, ...]:
        """Return the `acr` values that count as stepped up at `issuer`; none at an unknown one."""
        found = self.issuers.get(issuer)
        return found.step_up_acr if found else ()

    def relying_party(self, issuer: str) -> RelyingParty:
        """Return the relying party for `issuer`.

        Raises:
            NotFoundError: the issuer is not trusted here.
        """
        if issuer not in self._parties:
            raise NotFoundError("This identity provider is not known here.")
        return self._parties[issuer]
