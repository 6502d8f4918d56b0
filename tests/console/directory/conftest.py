"""Services that follow a realm of a real Keycloak, and the loop of their worker, turned by hand."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from console.directory.loop import DirectoryLoop
from console.services import Services
from console.settings import Settings, SignInSettings
from sso.models import MappingRule, RuleRole
from tests.console.directory.realm import Realm, make_realm
from tests.real.keycloak_server import KeycloakServer


@pytest.fixture(scope="session")
def realm(keycloak: KeycloakServer, tmp_path_factory: pytest.TempPathFactory) -> Realm:
    """A realm of its own in the one Keycloak of the run."""
    return make_realm(keycloak, "staff", tmp_path_factory.mktemp("secrets"))


@pytest.fixture
def following(settings: Settings, realm: Realm) -> Settings:
    """The settings of a console that follows it."""
    issuers = SignInSettings(issuers=(realm.issuer_settings,))
    return settings.model_copy(update={"sign_in": issuers, "directory": realm.settings})


@pytest.fixture
async def rules(services: Services, teams: dict[str, UUID], realm: Realm) -> dict[str, UUID]:
    """Groups /risk and /retail give membership of the teams of these names."""
    async with services.database.write() as session:
        for name in ("risk", "retail"):
            rule = MappingRule(
                issuer=realm.issuer,
                claim="groups",
                value=f"/{name}",
                team_id=teams[name],
                role=RuleRole.MEMBER,
                created=0,
            )
            session.add(rule)
    return teams


@pytest.fixture
async def loop(services: Services, realm: Realm, rules: dict[str, UUID]) -> AsyncIterator[DirectoryLoop]:
    """The worker's loop over the realm."""
    found = DirectoryLoop(services, realm.settings)
    yield found
    await found.close()
