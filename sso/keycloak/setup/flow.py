"""The sign-in flow of our client alone: a password for level 1, a stronger proof for level `gold`."""

from dataclasses import dataclass
from typing import Final

from keycloak import KeycloakAdmin

from sso.keycloak.connection import ask
from sso.keycloak.setup.wanted import FLOW, Document

FORMS, ONE, TWO = "guildhall forms", "guildhall level 1", "guildhall level 2"
PROOFS: Final = {
    "password": "auth-password-form",
    "otp": "auth-otp-form",
    "webauthn": "webauthn-authenticator",
}
"""What level 2 asks for. The password again is what every realm can; the others have to be enrolled."""
CONDITION: Final = "conditional-level-of-authentication"


@dataclass(frozen=True, slots=True)
class Execution:
    """One step of a flow: an authenticator, or a flow inside (`alias`)."""

    parent: str
    requirement: str
    provider: str | None = None
    alias: str | None = None
    level: tuple[str, str] | None = None

    def is_shown_by(self, shown: Document) -> bool:
        """Say whether Keycloak's own description of a step is of this one."""
        if self.alias is not None:
            return bool(shown.get("displayName") == self.alias)
        return bool(shown.get("providerId") == self.provider)


def executions(proof: str) -> tuple[Execution, ...]:
    """Return the steps, in their order."""
    return (
        Execution(FLOW, "ALTERNATIVE", "auth-cookie"),
        Execution(FLOW, "ALTERNATIVE", alias=FORMS),
        Execution(FORMS, "CONDITIONAL", alias=ONE),
        Execution(ONE, "REQUIRED", CONDITION, level=("1", "36000")),
        Execution(ONE, "REQUIRED", "auth-username-password-form"),
        Execution(FORMS, "CONDITIONAL", alias=TWO),
        Execution(TWO, "REQUIRED", CONDITION, level=("2", "0")),
        Execution(TWO, "REQUIRED", PROOFS[proof]),
    )


async def find_flow(admin: KeycloakAdmin) -> str | None:
    """Return the id of the flow, if it is there."""
    flows = await ask(admin.a_get_authentication_flows())
    return next((str(flow["id"]) for flow in flows if flow["alias"] == FLOW), None)


async def make_flow(admin: KeycloakAdmin, proof: str) -> str:
    """Make the flow and return its id; no client uses it until it is bound.

    Raises:
        DirectoryError: Keycloak refuses, or does not answer.
    """
    about = {"alias": FLOW, "providerId": "basic-flow", "topLevel": True, "builtIn": False}
    await ask(admin.a_create_authentication_flow(about))
    for execution in executions(proof):
        await _add(admin, execution)
    found = await find_flow(admin)
    return found or ""


async def _add(admin: KeycloakAdmin, execution: Execution) -> None:
    if execution.alias is not None:
        inside = {"alias": execution.alias, "type": "basic-flow", "provider": "", "description": ""}
        await ask(admin.a_create_authentication_flow_subflow(inside, execution.parent))
    else:
        step = {"provider": execution.provider}
        await ask(admin.a_create_authentication_flow_execution(step, execution.parent))
    shown = await ask(admin.a_get_authentication_flow_executions(execution.parent))
    added = next(one for one in reversed(shown) if one.get("level") == 0 and execution.is_shown_by(one))
    changed = {**added, "requirement": execution.requirement}
    await ask(admin.a_update_authentication_flow_executions(changed, execution.parent))
    if execution.level is not None:
        level, age = execution.level
        config = {"loa-condition-level": level, "loa-max-age": age}
        about = {"alias": f"guildhall {level}", "config": config}
        await ask(admin.a_create_execution_config(added["id"], about))
