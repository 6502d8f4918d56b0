"""What the layout draws around every page: the rail, the person, the banner."""

from importlib.metadata import version

from litestar.types import Scope

from console.web.navigation import AREAS, Person, Shell, build_rail
from sso.principal import Principal

BANNER = "Development identity provider: anybody at this machine can be anybody. Never use it for real data."


def describe_shell(scope: Scope) -> Shell:
    """Return the shell of one page; a page without a person has an empty rail."""
    principal, services = scope.get("user"), scope["app"].state.services
    banner = BANNER if services.settings.embedded else None
    if not isinstance(principal, Principal):
        return Shell(path=scope["path"], version=version("guildhall"), banner=banner)
    return Shell(
        path=scope["path"],
        version=version("guildhall"),
        person=Person(principal.name, principal.handle),
        rail=build_rail(scope["path"], {area.key for area in AREAS}, {}),
        banner=banner,
        search_path="/models",
    )
