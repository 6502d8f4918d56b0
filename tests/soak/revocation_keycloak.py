"""How long a right outlives its end at a real Keycloak: from its administrator's answer to the first refusal.

Keycloak tells by its events, looked at every two seconds, by a logout token, or a directory tells at the SCIM
door; what ends here is measured for its people too. Several people's rights end at once, so that they do at
every moment between two looks.
"""

import asyncio
import json
import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from console import runtime
from tests.bench.result import ROOT, Result
from tests.console.scim.conftest import PATCH, USER
from tests.real.keycloak_server import KeycloakServer
from tests.soak.keycloak_site import KeycloakSite, open_keycloak_site
from tests.soak.revocation import EVERYWHERE, FULL_TRIALS, PATHS, PathOut, attempt, row
from tests.soak.revocation_site import Caller, Site

AT_ONCE: Final = 5
ARRIVALS: Final = 50
KEPT: Final = ROOT / "var" / "bench" / "revocation-keycloak-so-far.json"
BY_KEY: Final = ("call by key", "open answer by key")


def _of_keycloak(site: Site) -> KeycloakSite:
    assert isinstance(site, KeycloakSite)
    return site


async def _disable(site: Site, caller: Caller) -> None:
    await _of_keycloak(site).admin.a_update_user(caller.subject, {"enabled": False})


async def _delete(site: Site, caller: Caller) -> None:
    await _of_keycloak(site).admin.a_delete_user(caller.subject)


async def _take_out(site: Site, caller: Caller) -> None:
    found = _of_keycloak(site)
    await found.admin.a_group_user_remove(caller.subject, found.group)


async def _sign_out(site: Site, caller: Caller) -> None:
    await _of_keycloak(site).admin.a_user_logout(caller.subject)


async def _deactivate(site: Site, caller: Caller) -> None:
    door = _of_keycloak(site).door
    said = {"schemas": [USER], "userName": caller.subject, "externalId": caller.subject}
    made = await door.post("/Users", json=said)
    operation = {"op": "replace", "path": "active", "value": False}
    ended = await door.patch(
        f"/Users/{made.json()['id']}", json={"schemas": [PATCH], "Operations": [operation]}
    )
    ended.raise_for_status()


FOLLOWED: Final[Mapping[str, PathOut]] = {
    "disabled at Keycloak": PathOut(_disable, (*EVERYWHERE, *BY_KEY)),
    "deleted at Keycloak": PathOut(_delete, (*EVERYWHERE, *BY_KEY)),
    "out of a group at Keycloak": PathOut(_take_out, ("call", "open answer"), by_team=True),
    "signed out at Keycloak, by its events": PathOut(_sign_out, EVERYWHERE),
}
TOLD: Final[Mapping[str, PathOut]] = {
    "signed out at Keycloak, by its logout token": PathOut(_sign_out, EVERYWHERE),
    "deactivated by SCIM": PathOut(_deactivate, (*EVERYWHERE, *BY_KEY)),
}
HERE: Final = ("key revoked", "grant revoked", "role lowered", "signed out everywhere")


def measure(trials: int = FULL_TRIALS) -> Result:
    """Measure every path."""
    folder, server = ROOT / "var" / "bench", KeycloakServer()
    folder.mkdir(parents=True, exist_ok=True)
    logging.disable(logging.WARNING)
    server.start()
    try:
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            found = runtime.run(measure_paths(Path(scratch), server, trials))
    finally:
        server.close()
    return Result("revocation-keycloak", [row(*one) for one in found.items()])


async def measure_paths(folder: Path, server: KeycloakServer, trials: int) -> dict[str, list[float]]:
    """Return the seconds of every trial, by path and surface."""
    found: dict[str, list[float]] = {}
    async with open_keycloak_site(folder, server) as site:
        told_at = site.realm.place.url + "/sign-in/back-channel-logout"
        await _all(site, {**TOLD, **{name: PATHS[name] for name in HERE}}, trials, found)
        await site.tell("")
        await site.follow()
        await _all(site, FOLLOWED, trials, found)
        await site.tell(told_at)
    return found


async def _all(
    site: KeycloakSite, paths: Mapping[str, PathOut], trials: int, found: dict[str, list[float]]
) -> None:
    """Try each path; what was found is kept after each, so that a later path's failure loses none of it."""
    for name, path in paths.items():
        done = 0
        while done < trials:
            together = min(AT_ONCE, trials - done)
            for one in await asyncio.gather(*(_tried(site, path) for _ in range(together))):
                for surface, seconds in one.items():
                    found.setdefault(f"{name}, {surface}", []).append(seconds)
            done += together
        KEPT.write_text(json.dumps(found, indent=1))


async def _tried(site: KeycloakSite, path: PathOut) -> dict[str, float]:
    """Try once; whoever is not even let in first, as on a machine too busy to decide in time, comes again."""
    refused: list[str] = []
    while len(refused) < ARRIVALS:
        try:
            return await attempt(site, path)
        except AssertionError as error:
            refused.append(str(error))
    raise RuntimeError(f"Nobody is let in: {refused}")
