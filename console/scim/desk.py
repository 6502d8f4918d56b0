"""What one SCIM operation works with: its unit of work, the open transaction, and whose directory it is."""

from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from scim2_models import NotFoundException, PreconditionFailedException
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.work import UnitOfWork
from sso.models import ScimCredential, ScimGroup, ScimUser
from sso.scim.resources import version_of

Kept = TypeVar("Kept", ScimUser, ScimGroup)


@dataclass(frozen=True, slots=True)
class Desk:
    """One operation of one directory; it sees the rows of its own issuer only."""

    work: UnitOfWork
    session: AsyncSession
    credential: ScimCredential
    writes: bool

    @property
    def issuer(self) -> str:
        """Whose people these are."""
        return self.credential.issuer

    async def find(self, table: type[Kept], text: str) -> Kept:
        """Return a row of this directory by the id we gave it; while writing, nobody else changes it.

        Raises:
            NotFoundException: there is none, or it is another directory's.
        """
        try:
            wanted = UUID(text)
        except ValueError:
            raise NotFoundException(detail="There is nothing here by this id.") from None
        query = select(table).where(col(table.id) == wanted, col(table.issuer) == self.issuer)
        row = (await self.session.exec(query.with_for_update() if self.writes else query)).first()
        if row is None:
            raise NotFoundException(detail="There is nothing here by this id.")
        return row


def check_version(row: ScimUser | ScimGroup, expected: str | None) -> None:
    """Return when the row is still what the request was about.

    Raises:
        PreconditionFailedException: it changed meanwhile.
    """
    if expected is not None and version_of(row) != expected:
        raise PreconditionFailedException
