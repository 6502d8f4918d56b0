"""Finds a person by what somebody typed: an id or a handle."""

from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.errors import InvalidInputError
from sso.models import Person, Profile


async def find_person(session: AsyncSession, typed: str, field: str) -> UUID:
    """Return the person's id.

    Raises:
        InvalidInputError: there is nobody by that id or handle; names `field`.
    """
    try:
        wanted = select(Person.id).where(col(Person.id) == UUID(typed.strip()))
    except ValueError:
        wanted = select(Profile.person_id).where(col(Profile.handle) == typed.strip())
    found = (await session.exec(wanted)).first()
    if found is None:
        sentence = "There is nobody by that id or handle."
        raise InvalidInputError(sentence, ("unknown_person",), {field: sentence})
    return found
