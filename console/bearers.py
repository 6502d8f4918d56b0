"""What a bearer is, told by its shape, and whom it names: the one place that decides it for API and gateway.

A key says so by its prefix and needs our tables only; anything else is taken for a token of an issuer, and
its verifier says what is wrong with it. A credential in the address of a request opens nothing, wherever
else one is sent: addresses are kept in histories and logs that are not ours.
"""

import hashlib
import re
from functools import partial
from urllib.parse import unquote_plus

from console.clock import seconds
from console.errors import NotSignedInError, ServiceUnavailableError
from console.freshness.moves import Move
from console.freshness.principals import entry_of
from console.freshness.remembered import Entry
from console.proofs import SCHEME, Presented, require_proof
from console.services import Services
from console.workloads.callers import principal_of_workload
from sso import sessions
from sso.claims import TokenClaims
from sso.directory import principal_for
from sso.errors import KeyRefusedError, TokenError
from sso.keys import store
from sso.keys.form import PREFIX, looks_like_key
from sso.principal import Principal

SENT_KEY = re.compile(rf"{PREFIX}[0-9A-Za-z]+_[0-9A-Za-z]")
"""A key with some of its secret: its start alone is no secret, and admins look for keys by it."""
MISSING = "Send an access token or key as `Authorization: Bearer`."
IN_ADDRESS = (
    "A key was sent in the address, where others can read it: revoke it, and send keys in the header."
)
SIGNED_OUT = "This access token is from before its owner signed out; get a new one."
UNKNOWN = "Nobody is known by this token; sign in once first."
NOT_ACCEPTED = "This access token is not accepted."


async def bearer_principal(
    services: Services, header: str | None, query: bytes = b"", presented: Presented | None = None
) -> Principal:
    """Return whom the `Authorization` header of a request with this query string names.

    Raises:
        NotSignedInError: no bearer, one that is not accepted, a subject we do not know, or one in the query.
        ServiceUnavailableError: the token's issuer does not answer.
    """
    if query and holds_credential(query):
        raise NotSignedInError(IN_ADDRESS, ("credential_in_address",))
    scheme, token = token_of(header)
    if looks_like_key(token):
        if scheme == SCHEME:
            raise NotSignedInError(MISSING, ("token_missing",))
        return await principal_of_key(services, token)
    try:
        claims = await read_claims(services, token)
    except NotSignedInError as error:
        return await _other_issuers(services, scheme, token, error)
    await require_proof(services, claims, token, scheme, presented)
    return await principal_of_claims(services, claims)


async def _other_issuers(services: Services, scheme: str, token: str, error: NotSignedInError) -> Principal:
    """Ask whether a token that is not of a provider of people is a workload's."""
    if "unknown_issuer" not in error.reasons or scheme == SCHEME:
        raise error
    return await principal_of_workload(services, token)


async def identify_again(services: Services, principal: Principal, header: str) -> Principal:
    """Return who `principal` is now: the answer to a call may outlive its token, never its caller's rights.

    Raises:
        NotSignedInError: nobody any more.
        ServiceUnavailableError: the token's issuer does not answer.
    """
    proof = principal.authentication
    _, token = token_of(header)
    if looks_like_key(token):
        return await principal_of_key(services, token)
    if (proof.expires or 0) > seconds(services.clock()):
        # Whether its sender holds the key was proven when the call came, and a proof is good once.
        return await _principal_of_token(services, token)
    async with services.database.read() as session:
        # A sign-out while the token lasted has been heard; one since then came after it was issued, too.
        if await sessions.are_tokens_refused(session, proof.issuer, proof.subject, proof.expires or 0):
            raise NotSignedInError(SIGNED_OUT, ("signed_out",))
        found = await principal_for(session, proof.issuer, proof.subject, proof)
    if found is None:
        raise NotSignedInError(UNKNOWN, ("unknown_subject",))
    return found


async def _principal_of_token(services: Services, token: str) -> Principal:
    try:
        claims = await read_claims(services, token)
    except NotSignedInError as error:
        return await _other_issuers(services, "bearer", token, error)
    return await principal_of_claims(services, claims)


def holds_credential(query: bytes) -> bool:
    """Say whether a query string carries a key, or a token as RFC 6750 section 2.3 names it."""
    text = unquote_plus(query.decode("latin-1"))
    return SENT_KEY.search(text) is not None or text.startswith("access_token=") or "&access_token=" in text


def token_of(header: str | None) -> tuple[str, str]:
    """Return scheme and credential of an `Authorization` header: `bearer` (RFC 6750) or `dpop` (RFC 9449).

    Raises:
        NotSignedInError: there is none.
    """
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() not in {"bearer", SCHEME} or not token.strip():
        raise NotSignedInError(MISSING, ("token_missing",))
    return scheme.lower(), token.strip()


async def principal_of_key(services: Services, text: str) -> Principal:
    """Return the owner of a key, limited to what the key is for.

    Raises:
        NotSignedInError: it is no key that counts now.
    """
    # The whole of it is hashed: a cache keyed by a part of a key let strangers in elsewhere.
    known_by = hashlib.sha256(text.encode()).digest()
    found = await services.known.get(known_by, partial(_read_owner, services, text))
    if found.authentication.key is not None:
        services.key_uses.note(found.authentication.key.id, services.clock())
    return found


async def read_claims(services: Services, token: str) -> TokenClaims:
    """Return what an issuer's access token says.

    Raises:
        NotSignedInError: it is not accepted.
        ServiceUnavailableError: its issuer does not answer.
    """
    try:
        return await services.sign_in.verifier.verify(token)
    except TokenError as error:
        if error.reason == "issuer_unavailable":
            raise ServiceUnavailableError(error.sentence, (error.reason,)) from None
        raise NotSignedInError(NOT_ACCEPTED, (error.reason,)) from None


async def principal_of_claims(services: Services, claims: TokenClaims) -> Principal:
    """Return the subject of an access token that was read.

    Raises:
        NotSignedInError: we do not know its subject.
    """
    return await services.known.get(claims, partial(_read_subject, services, claims))


async def _read_subject(services: Services, claims: TokenClaims) -> Entry[Principal]:
    async with services.database.read() as session:
        if await sessions.are_tokens_refused(session, claims.iss, claims.sub, claims.iat):
            raise NotSignedInError(SIGNED_OUT, ("signed_out",))
        found = await principal_for(session, claims.iss, claims.sub, claims.authentication())
    if found is None:
        raise NotSignedInError(UNKNOWN, ("unknown_subject",))
    return entry_of(found, now=services.clock())


async def _read_owner(services: Services, text: str) -> Entry[Principal]:
    now = services.clock()
    async with services.database.read() as session:
        try:
            owned = await store.owner_of_key(session, text, services.peppers, now)
        except KeyRefusedError as error:
            raise NotSignedInError(error.sentence, (error.reason,)) from None
    return entry_of(owned.principal, Move("key", owned.key_id.hex), now=now, ends=owned.until)
