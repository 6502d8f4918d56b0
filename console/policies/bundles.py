"""The files of every revision that was ever proposed or active; nothing of them is changed or removed."""

import json
from collections.abc import Mapping

from sqlmodel.ext.asyncio.session import AsyncSession

from policy.bundles import Bundle, revise
from policy.canonical import canonical
from policy.errors import BundleError
from policy.models import PolicyBundle

ALTERED = "What is kept under this revision is not what the revision names."


async def keep_bundle(session: AsyncSession, files: Mapping[str, str], now: int) -> str:
    """Keep the files of a revision in the caller's transaction, if they are not kept yet; return its name.

    ``files`` holds text by path inside the bundle, ``data.json`` included and tests left out.
    """
    revision = revise(files)
    if await session.get(PolicyBundle, revision) is None:
        text = canonical(dict(files)).decode()
        session.add(PolicyBundle(revision=revision, files=text, created=now))
        await session.flush()
    return revision


async def find_bundle(session: AsyncSession, revision: str) -> Bundle | None:
    """Return a revision's files, or None when they were never kept.

    Raises:
        BundleError: they were changed since; the revision is the hash of what was kept.
    """
    row = await session.get(PolicyBundle, revision)
    return None if row is None else read_kept(row)


async def find_revision(session: AsyncSession, revision: str, shipped: Bundle) -> Bundle | None:
    """Return a kept revision, or the one that comes with the product (`shipped`); None when there is none.

    Raises:
        BundleError: what is kept was changed.
    """
    return shipped if revision == shipped.revision else await find_bundle(session, revision)


def read_kept(row: PolicyBundle) -> Bundle:
    """Return the files of a row.

    Raises:
        BundleError: they are not those that the revision names.
    """
    try:
        files = json.loads(row.files)
        sound = isinstance(files, dict) and revise(files) == row.revision
    except (ValueError, AttributeError):
        sound = False
    if not sound:
        raise BundleError(ALTERED)
    return Bundle(files, row.revision)
