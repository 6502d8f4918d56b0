"""The identity providers to choose from, where there are several."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from console.services import Services
from sso.flows import safe_next_path


@dataclass(frozen=True, slots=True)
class Offered:
    """One provider: what people know it by, its issuer, and where choosing it leads."""

    label: str
    issuer: str
    path: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What the page of choices shows."""

    offered: Sequence[Offered]


def open_choice(services: Services, next_path: str) -> Choice:
    """Return every trusted provider, in the order of the settings."""
    kept = safe_next_path(next_path)
    return Choice(
        [
            Offered(one.label, url, f"/sign-in?{urlencode({'issuer': url, 'next_path': kept})}")
            for url, one in services.sign_in.issuers.items()
        ]
    )
