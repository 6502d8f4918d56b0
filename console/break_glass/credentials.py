"""Whose sealed credential a text is: asked on the host, without any identity provider."""

from sqlmodel import select

from console.break_glass.refusing import refuse
from console.services import Services
from sso.models import Person, PersonState, SealedCredential
from sso.sealed import digest_of, is_sealed_text


async def require_holder(services: Services, text: str) -> SealedCredential:
    """Return the credential `text` is, spent or not.

    Raises:
        RefusedError: break glass is off, it is none, or its holder is disabled; recorded.
    """
    if not services.settings.break_glass.enabled:
        raise await refuse(services, "break_glass_off")
    found = await _find(services, text.strip())
    if found is None:
        raise await refuse(services, "break_glass_unknown")
    credential, person = found
    if person.state is not PersonState.ACTIVE:
        raise await refuse(services, "holder_inactive", person.id)
    return credential


async def _find(services: Services, text: str) -> tuple[SealedCredential, Person] | None:
    if not is_sealed_text(text):
        return None
    digest = digest_of(text, services.identity_key)
    async with services.database.read() as session:
        credential = (
            await session.exec(select(SealedCredential).where(SealedCredential.digest == digest))
        ).first()
        person = await session.get(Person, credential.person_id) if credential else None
    return (credential, person) if credential and person else None
