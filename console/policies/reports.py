"""What OPA servers report: their status, and the decisions they logged. Telemetry: the log is the record."""

import json
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from sqlmodel import col, delete
from sqlmodel.ext.asyncio.session import AsyncSession

from console.clock import DAY
from console.errors import InvalidInputError
from console.services import Services
from policy.asked import is_ours
from policy.models import PolicyEngine

BUNDLE: Final = "guildhall"
PACKED_BYTES: Final = 1024 * 1024
PLAIN_BYTES: Final = 8 * 1024 * 1024
TROUBLE_CHARACTERS: Final = 300
_GZIP: Final = 31
UNREADABLE: Final = "This is no report of an OPA server."


async def read_report(chunks: AsyncIterator[bytes], *, packed: bool) -> Any:  # noqa: ANN401 - any JSON
    """Return a report's JSON, never holding more than its bounds of it.

    Raises:
        RequestEntityTooLarge: it is larger than a report may be, packed or unpacked.
        InvalidInputError: it is no JSON.
    """
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > PACKED_BYTES:
            raise RequestEntityTooLarge
    try:
        return json.loads(_unpack(bytes(body)) if packed else bytes(body))
    except (ValueError, zlib.error, RecursionError):
        raise InvalidInputError(UNREADABLE) from None


def _unpack(body: bytes) -> bytes:
    unpacking = zlib.decompressobj(_GZIP)
    plain = unpacking.decompress(body, PLAIN_BYTES + 1)
    if len(plain) > PLAIN_BYTES or unpacking.unconsumed_tail:
        raise RequestEntityTooLarge
    if not unpacking.eof:
        raise ValueError(UNREADABLE)
    return plain


async def keep_status(services: Services, report: object) -> None:
    """Remember which revision a server has, and what keeps it from a newer one."""
    name, found = _engine_of(report), _bundle_of(report)
    if name is None:
        raise InvalidInputError(UNREADABLE)
    trouble = str(found.get("message") or found.get("code") or "")[:TROUBLE_CHARACTERS] or None
    revision = _text(found.get("active_revision"))
    await _keep(services, name, revision=revision, trouble=trouble, stated=services.clock())


async def keep_decisions(services: Services, report: object) -> None:
    """Count the decisions that answer questions of ours; all else is ignored, and counted as that."""
    entries = report if isinstance(report, list) else []
    engine = next((name for entry in entries if (name := _engine_of(entry)) is not None), None)
    if engine is None:
        raise InvalidInputError(UNREADABLE)
    ours = sum(is_ours(entry.get("input"), services.asking_key) for entry in _documents(entries))
    await _keep(services, engine, decisions=ours, ignored=len(entries) - ours)


async def forget_silent(session: AsyncSession, now: int) -> None:
    """Forget engines that have said nothing for a day: a process that was killed took nothing back."""
    await session.exec(delete(PolicyEngine).where(col(PolicyEngine.reported) < now - DAY))


async def _keep(services: Services, name: str, decisions: int = 0, ignored: int = 0, **told: Any) -> None:  # noqa: ANN401
    now = services.clock()
    async with services.database.write() as session:
        await forget_silent(session, now)
        row = await session.get(PolicyEngine, name) or PolicyEngine(id=name, reported=now)
        for field, value in told.items():
            setattr(row, field, value)
        row.decisions, row.ignored = row.decisions + decisions, row.ignored + ignored
        row.reported = now
        session.add(row)


def _engine_of(report: object) -> str | None:
    labels = report.get("labels") if isinstance(report, Mapping) else None
    name = labels.get("id") if isinstance(labels, Mapping) else None
    return name[:64] if isinstance(name, str) and name else None


def _bundle_of(report: object) -> Mapping[str, Any]:
    bundles = report.get("bundles") if isinstance(report, Mapping) else None
    found = bundles.get(BUNDLE) if isinstance(bundles, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _text(value: object) -> str | None:
    return value[:64] if isinstance(value, str) and value else None


def _documents(entries: Sequence[object]) -> Sequence[Mapping[str, Any]]:
    return [entry for entry in entries if isinstance(entry, Mapping)]
