"""The canonical row of a trusted issuer: which tokens become which service account."""

import hashlib

from console.work import Row
from sso.models import TrustedIssuer


def issuer_row(trusted: TrustedIssuer, now: int, *, gone: bool = False) -> Row:
    """Return a trusted issuer as history keeps it, or its end; of pasted keys their hash."""
    pasted = hashlib.sha256(trusted.jwks.encode()).hexdigest() if trusted.jwks else None
    state = {
        "issuer": trusted.issuer,
        "audience": trusted.audience,
        "jwks_url": trusted.jwks_url,
        "jwks_sha256": pasted,
        "pins": trusted.pins,
        "longest": trusted.longest,
        "service_id": str(trusted.service_id),
        "change_id": str(trusted.change_id),
    }
    return Row("trusted_issuer", trusted.id, None if gone else state, now)
