"""What each area plugs in: its pages, its API, and what is open to everybody."""

from typing import Final

from console.access.api import API as ACCESS_API
from console.access.pages import PAGES as ACCESS_PAGES
from console.admin.api import API as ADMIN_API
from console.admin.pages import PAGES as ADMIN_PAGES
from console.break_glass.api import API as BREAK_GLASS_API
from console.break_glass.pages import PAGES as BREAK_GLASS_PAGES
from console.campaigns.api import API as CAMPAIGNS_API
from console.campaigns.pages import PAGES as CAMPAIGNS_PAGES
from console.catalog.api import API as CATALOG_API
from console.catalog.pages import PAGES as CATALOG_PAGES
from console.changes.api import API as CHANGES_API
from console.changes.pages import PAGES as CHANGES_PAGES
from console.custody.api import API as CUSTODY_API
from console.custody.pages import PAGES as CUSTODY_PAGES
from console.deputies.api import API as DEPUTIES_API
from console.deputies.pages import PAGES as DEPUTIES_PAGES
from console.directory.api import API as DIRECTORY_API
from console.directory.pages import PAGES as DIRECTORY_PAGES
from console.explain.api import API as EXPLAIN_API
from console.explain.pages import PAGES as EXPLAIN_PAGES
from console.health import HEALTH
from console.home.pages import OPEN as HOME_OPEN
from console.home.pages import PAGES as HOME_PAGES
from console.keys.api import API as KEYS_API
from console.keys.api import OPEN as KEYS_OPEN
from console.keys.pages import PAGES as KEYS_PAGES
from console.people.api import API as PEOPLE_API
from console.people.link_api import API as LINKS_API
from console.people.link_pages import PAGES as LINK_PAGES
from console.people.pages import PAGES as PEOPLE_PAGES
from console.people.rule_api import API as RULES_API
from console.people.team_pages import PAGES as TEAM_PAGES
from console.policies.api import API as POLICIES_API
from console.policies.engine_doors import ENGINE_DOORS
from console.policies.pages import PAGES as POLICIES_PAGES
from console.scim.api import API as SCIM_API
from console.scim.pages import PAGES as SCIM_PAGES
from console.sessions.api import API as SESSIONS_API
from console.sessions.pages import PAGES as SESSIONS_PAGES
from console.sign_in.back_channel import back_channel_logout
from console.sign_in.pages import callback, sign_in, sign_out, step_up
from console.sign_in.resource import resource_metadata
from console.trail.api import API as TRAIL_API
from console.trail.api import LOG_HANDLERS
from console.trail.open_log import OPEN_LOG_HANDLERS
from console.trail.pages import PAGES as TRAIL_PAGES
from console.workloads.api import API as WORKLOADS_API

PAGES: Final = [
    sign_out,
    *ACCESS_PAGES,
    *ADMIN_PAGES,
    *BREAK_GLASS_PAGES,
    *CAMPAIGNS_PAGES,
    *CATALOG_PAGES,
    *CHANGES_PAGES,
    *CUSTODY_PAGES,
    *DEPUTIES_PAGES,
    *DIRECTORY_PAGES,
    *EXPLAIN_PAGES,
    *HOME_PAGES,
    *KEYS_PAGES,
    *LINK_PAGES,
    *PEOPLE_PAGES,
    *POLICIES_PAGES,
    *SCIM_PAGES,
    *SESSIONS_PAGES,
    *TEAM_PAGES,
    *TRAIL_PAGES,
]
API: Final = [
    *ACCESS_API,
    *ADMIN_API,
    *BREAK_GLASS_API,
    *CAMPAIGNS_API,
    *CATALOG_API,
    *CHANGES_API,
    *CUSTODY_API,
    *DEPUTIES_API,
    *DIRECTORY_API,
    *EXPLAIN_API,
    *KEYS_API,
    *LINKS_API,
    *PEOPLE_API,
    *POLICIES_API,
    *SCIM_API,
    *WORKLOADS_API,
    *RULES_API,
    *SESSIONS_API,
    *TRAIL_API,
]
LOG: Final = [*LOG_HANDLERS]
OPEN_LOG: Final = [*OPEN_LOG_HANDLERS]
"""What answers under the same addresses where `audit.public` says so."""
OPEN_PAGES: Final = [
    sign_in,
    step_up,
    callback,
    back_channel_logout,
    resource_metadata,
    *HOME_OPEN,
    *HEALTH,
    *KEYS_OPEN,
    *ENGINE_DOORS,
]
