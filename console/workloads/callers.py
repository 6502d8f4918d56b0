"""A workload token as a bearer: believed once, then remembered by its whole hash until something moves."""

import hashlib
from functools import partial

from sqlmodel import col, select

from console.errors import NotSignedInError, ServiceUnavailableError
from console.freshness.moves import Move
from console.freshness.principals import entry_of
from console.freshness.remembered import Entry
from console.services import Services
from sso.claims import text_claim
from sso.errors import TokenError
from sso.models import Person, PersonState, Profile, TrustedIssuer
from sso.principal import Authentication, Principal
from sso.signed import SignatureRefusedError, unproven_issuer

NOT_TRUSTED = "This workload token is not accepted."


async def principal_of_workload(services: Services, token: str) -> Principal:
    """Return the service account that a workload's token is trusted to be.

    Raises:
        NotSignedInError: it is no token of a trusted issuer, or not the one that is pinned.
        ServiceUnavailableError: the issuer's keys cannot be had.
    """
    known_by = hashlib.sha256(token.encode()).digest()
    return await services.known.get(known_by, partial(_believe, services, token))


async def _believe(services: Services, token: str) -> Entry[Principal]:
    try:
        trusted = await _trusted(services, unproven_issuer(token))
        fitting, claims = await services.workloads.believe(token, trusted)
    except (SignatureRefusedError, TokenError) as error:
        if error.reason == "issuer_unavailable":
            raise ServiceUnavailableError(error.sentence, (error.reason,)) from None
        raise NotSignedInError(NOT_TRUSTED, (error.reason,)) from None
    proof = Authentication(
        method="bearer",
        issuer=fitting.issuer,
        subject=str(text_claim(claims, "sub")),
        token_id=text_claim(claims, "jti"),
        expires=int(claims["exp"]),
    )
    found = await _account(services, fitting, proof)
    return entry_of(found, Move("trusted_issuer", fitting.id.hex), now=services.clock())


async def _trusted(services: Services, issuer: str) -> list[TrustedIssuer]:
    query = select(TrustedIssuer).where(
        col(TrustedIssuer.issuer) == issuer, col(TrustedIssuer.revoked).is_(None)
    )
    async with services.database.read() as session:
        found = list(await session.exec(query))
    if not found:
        raise TokenError("unknown_issuer")
    return found


async def _account(services: Services, trusted: TrustedIssuer, proof: Authentication) -> Principal:
    async with services.database.read() as session:
        person = await session.get(Person, trusted.service_id)
        profile = await session.get(Profile, trusted.service_id)
    if person is None or profile is None or person.state is not PersonState.ACTIVE:
        raise NotSignedInError("This service account is not active.", ("service_account_disabled",))
    return Principal(person.id, person.kind.value, profile.handle, profile.name, proof)
