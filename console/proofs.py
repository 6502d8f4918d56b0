"""Tokens that are bound to a key come with a proof of it (RFC 9449), and only they do."""

from collections.abc import Sequence
from dataclasses import dataclass

from console.errors import NotSignedInError
from console.services import Services
from sso.claims import TokenClaims
from sso.clock import seconds
from sso.dpop import ALGORITHMS, Asked, Proof, check_proof, normal_url, spend
from sso.errors import TokenError

SCHEME = "dpop"
PROOF_CHALLENGE = f'DPoP error="invalid_dpop_proof", algs="{" ".join(ALGORITHMS)}"'
"""What a refused proof is answered with (RFC 9449 section 7.1)."""


@dataclass(frozen=True, slots=True)
class Presented:
    """How a credential came: the request's method and path, its Host, and its `DPoP` headers."""

    method: str
    path: str
    host: str
    proofs: Sequence[str] = ()

    def asked(self, services: Services) -> Asked:
        """Return the request as a proof may name it: at our own address, whatever a proxy calls us."""
        settings = services.settings
        sites = {settings.base_url.rstrip("/")}
        if settings.embedded:  # it answers under several names, each of this machine
            sites.add(f"http://{self.host}")
        return Asked(self.method, frozenset(normal_url(site + self.path) for site in sites))


async def require_proof(
    services: Services, claims: TokenClaims, token: str, scheme: str, presented: Presented | None
) -> None:
    """Refuse a bound token without its proof, and a proof without a bound token.

    Raises:
        NotSignedInError: with a reason that begins with `dpop_`.
    """
    if claims.bound_to is None and scheme != SCHEME:
        return
    try:
        proof = _proof(services, claims, token, scheme, presented)
        async with services.database.write() as session:
            await spend(session, proof, services.clock())
    except TokenError as error:
        raise NotSignedInError(error.sentence, (error.reason,)) from None


def _proof(
    services: Services, claims: TokenClaims, token: str, scheme: str, presented: Presented | None
) -> Proof:
    if claims.bound_to is None:
        raise TokenError("dpop_unbound")
    if scheme != SCHEME or presented is None or len(presented.proofs) != 1:
        raise TokenError("dpop_missing")
    asked, now = presented.asked(services), seconds(services.clock())
    return check_proof(presented.proofs[0], claims.bound_to, token, asked, now)
