"""What each area plugs in: its pages, its API, and what is open to everybody."""

from typing import Final

from console.catalog.api import API as CATALOG_API
from console.health import HEALTH
from console.people.api import API as PEOPLE_API
from console.sign_in.pages import callback, sign_in, sign_out, step_up

PAGES: Final = [sign_out]
API: Final = [*CATALOG_API, *PEOPLE_API]
OPEN_PAGES: Final = [sign_in, step_up, callback, *HEALTH]
