"""What one SCIM operation works with: its unit of work, the open transaction, and whose directory it is."""

from dataclasses import dataclass, field
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
    """One operation of one directory; it sees the rows of its own issuer only.

    What it has read it keeps: the row of each id, the users of each group, the groups of each user.
    """

    work: UnitOfWork
    session: AsyncSession
    credential: ScimCredential
    writes: bool
    rows: dict[UUID, ScimUser | ScimGroup] = field(default_factory=dict)
    members: dict[UUID, frozenset[UUID]] = field(default_factory=dict)
    groups: dict[UUID, list[ScimGroup]] = field(default_factory=dict)

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
        if isinstance(known := self.rows.get(wanted), table):
            return known
        query = select(table).where(col(table.id) == wanted, col(table.issuer) == self.issuer)
        row = (await self.session.exec(query.with_for_update() if self.writes else query)).first()
        if row is None:
            raise NotFoundException(detail="There is nothing here by this id.")
        self.rows[wanted] = row
        return row


def check_version(row: ScimUser | ScimGroup, expected: str | None) -> None:
    """Return when the row is still what the request was about.

    Raises:
        PreconditionFailedException: it changed meanwhile.
    """
    if expected is not None and version_of(row) != expected:
        raise PreconditionFailedException
