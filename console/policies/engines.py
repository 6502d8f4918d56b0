"""Gives an engine of ours the active revision, once its signature holds; until then the old one stays."""

import logging

from sqlalchemy.exc import DBAPIError

from console.policies.active import Active
from console.policies.bundles import read_kept
from console.policies.keys import verifying_keys
from console.services import Services
from policy.bundles import Bundle
from policy.decision import Holds
from policy.errors import BundleError
from policy.models import PolicyBundle
from policy.signing import verify_bundle

UNSIGNED = "The active revision is not signed yet."
UNKEPT = "The files of the active revision are not kept."
log = logging.getLogger("guildhall")


async def equip(services: Services, active: Active) -> None:
    """Let the decider take the active revision, if it is an engine of ours that has another one.

    Nothing is raised: an engine that keeps another revision answers under it, and such answers do not count.
    """
    decider = services.decider
    if not isinstance(decider, Holds) or decider.revision == active.revision:
        return
    try:
        await decider.hold(await signed_bundle(services, active.revision))
    except (BundleError, DBAPIError) as error:
        services.policies.trouble = str(error) if isinstance(error, BundleError) else UNKEPT
        log.warning("the engine keeps its revision: %s", services.policies.trouble)
    else:
        services.policies.trouble = None


async def signed_bundle(services: Services, revision: str) -> Bundle:
    """Return a revision's files, when they may be used.

    Raises:
        BundleError: they are not kept, were changed, or carry no signature of ours.
    """
    if revision == services.policies.shipped.revision:
        return services.policies.shipped
    async with services.database.read() as session:
        row = await session.get(PolicyBundle, revision)
    if row is None:
        raise BundleError(UNKEPT)
    bundle = read_kept(row)
    if row.signature is None:
        raise BundleError(UNSIGNED)
    verify_bundle(bundle, row.signature, verifying_keys(services.policies.keys))
    return bundle
