"""What is wrong with the policies in force, in one sentence: for the health page and `doctor`."""

from typing import Final

from console.policies.active import GRACE, Active
from console.policies.engines import signed_bundle
from console.policies.staging import read_stage
from console.services import Services
from policy.decision import Entrypoint, Holds
from policy.errors import BundleError, PolicyError
from policy.fallback import STEPPED_IN

BEHIND: Final = "The engine {name} answers under revision {found}, and {active} is the active one."
STEPPED: Final = "The OPA server fails or has another revision; the embedded engine decides in its place."
SILENT: Final = "The engine {name} gives no answer that counts."


async def policy_trouble(services: Services) -> str | None:
    """Return the first of: a bundle no engine may take, the engine asked is behind, others are long behind.

    Raises:
        SQLAlchemyError: the database does not answer.
    """
    async with services.database.read() as session:
        active = await services.policies.active(session)
        stage = await read_stage(session, services, active)
    if services.clock() - active.activated < GRACE:
        return None
    try:
        await signed_bundle(services, active.revision)
    except BundleError as error:
        return f"The active revision of the policies is not used: {error}"
    return await _of_decider(services, active) or (stage.lacking if stage.overdue else None)


async def _of_decider(services: Services, active: Active) -> str | None:
    decider = services.decider
    if isinstance(decider, Holds) and decider.revision != active.revision:
        return None  # it takes the active one when it is next asked
    try:
        found = await decider.evaluate(Entrypoint.SCOPE, {})
    except PolicyError:
        return SILENT.format(name=decider.name)
    if found.engine == STEPPED_IN:
        return STEPPED
    if found.revision != active.revision:
        return _behind(decider.name, found.revision, active)
    return None


def _behind(name: str, found: str, active: Active) -> str:
    return BEHIND.format(name=name, found=found[:12] or "none", active=active.revision[:12])
