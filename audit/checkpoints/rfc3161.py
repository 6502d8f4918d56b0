"""RFC 3161 by the library ``rfc3161-client``: asks an authority for time stamps, and verifies them.

An answer is kept as it came, so that ``openssl ts -verify`` reads it without any of our software.
"""

from pathlib import Path
from typing import Final

from cryptography.x509 import Certificate, load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from audit.errors import AuditError
from audit.sinks.http import HttpClient, UnreachedError

_QUERY: Final = {"content-type": "application/timestamp-query", "accept": "application/timestamp-reply"}
_OK: Final = 200


class TimestampError(AuditError):
    """No time stamp was had, or one does not hold; one sentence for the operator."""


class TimestampAuthority:
    """An authority behind a URL, believed when its certificate leads to one of ``roots``."""

    def __init__(self, http: HttpClient, roots: list[Certificate]) -> None:
        self._http = http
        self._roots = roots

    async def stamp(self, data: bytes) -> bytes:
        """Return the authority's verified answer over ``data``, as DER.

        Raises:
            TimestampError: it cannot be reached, refuses, or answers what does not hold.
        """
        request = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).build()
        try:
            reply = await self._http.post("", _QUERY, request.as_bytes())
        except UnreachedError as error:
            raise TimestampError(f"The time stamp authority: {error}") from None
        if reply.status != _OK:
            raise TimestampError(f"The time stamp authority answered with status {reply.status}.")
        verify_token(reply.body, data, self._roots, nonce=request.nonce)
        return reply.body

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()


def read_roots(path: Path) -> list[Certificate]:
    """Return the root certificates of a PEM file.

    Raises:
        TimestampError: it cannot be read, or holds none.
    """
    try:
        return load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        raise TimestampError(f"The authority's certificates cannot be read from {path}: {error}.") from None


def verify_token(token: bytes, data: bytes, roots: list[Certificate], nonce: int | None = None) -> None:
    """Return when the answer ``token`` stamps ``data`` and leads to one of ``roots``.

    Raises:
        TimestampError: it does not.
    """
    builder = VerifierBuilder(roots=list(roots), nonce=nonce)
    try:
        builder.build().verify_message(decode_timestamp_response(token), data)
    except (VerificationError, ValueError) as error:
        raise TimestampError(f"The time stamp does not hold: {error}.") from None
