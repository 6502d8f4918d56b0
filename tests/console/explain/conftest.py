"""People who ask why, and a history in which the fixtures' own rows stand as if they had been recorded."""

from typing import Any
from uuid import UUID

import httpx2
import pytest
import sqlalchemy as sa
from uuid_utils.compat import uuid7

from audit.history import append_row
from audit.models import RowVersion
from console.services import Services
from console.unexplained.kinds import kinds
from sso.principal import Principal
from tests.console.access.conftest import Desk
from tests.console.conftest import Catalog


@pytest.fixture
def desk(api: httpx2.AsyncClient, token_for: Any, services: Services) -> Desk:
    return Desk(api, token_for, services)


@pytest.fixture
async def recorded(
    services: Services, catalog: Catalog, people: dict[str, Principal]
) -> dict[str, Principal]:
    """Fixtures write rows without an act: give each its version, from when the clock stands now."""
    now = services.clock()
    async with services.database.write() as session:
        known = {tuple(row) for row in await session.exec(sa.select(RowVersion.kind, RowVersion.row_id))}  # type: ignore[call-overload]
        for kind in kinds(services.identity_key):
            for row in (await session.exec(kind.select())).all():  # type: ignore[call-overload]
                state = kind.state(row)
                if (state.kind, state.id) not in known:
                    await add(session, state.kind, state.id, state.state, now)
    return people


async def add(session: Any, kind: str, row_id: UUID, row: Any, now: int) -> None:
    await append_row(
        session,
        kind=kind,
        row_id=row_id,
        row=row,
        valid_from=now,
        valid_to=None,
        recorded_at=now,
        event_id=uuid7(),
    )
