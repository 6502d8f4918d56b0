"""What each area plugs in: its pages, its API, and what is open to everybody."""

from typing import Final

from console.access.api import API as ACCESS_API
from console.catalog.api import API as CATALOG_API
from console.health import HEALTH
from console.people.api import API as PEOPLE_API
from console.sign_in.pages import callback, sign_in, sign_out, step_up
from console.trail.api import API as TRAIL_API
from console.trail.api import LOG_HANDLERS

PAGES: Final = [sign_out]
API: Final = [*ACCESS_API, *CATALOG_API, *PEOPLE_API, *TRAIL_API]
LOG: Final = [*LOG_HANDLERS]
OPEN_PAGES: Final = [sign_in, step_up, callback, *HEALTH]
