"""The sections of the People area, as data: whoever brings a page adds one line."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from console.questions import Resource
from console.work import UnitOfWork
from policy.permissions import Permission


@dataclass(frozen=True, slots=True)
class Section:
    """One tab: its key, what it is called, where it is, and the right without which it is not shown."""

    key: str
    label: str
    path: str
    right: Permission


SECTIONS: Final = (
    Section("people", "People", "/people", Permission.PERSON_READ),
    Section("teams", "Teams", "/people/teams", Permission.TEAM_READ),
    Section("rules", "Mapping rules", "/people/rules", Permission.MAPPING_RULE_READ),
    Section("keys", "Keys", "/people/keys", Permission.KEY_READ),
    Section("directories", "Directories", "/admin/directories", Permission.SCIM_CREDENTIAL_READ),
    Section("break_glass", "Break glass", "/admin/break-glass", Permission.BREAK_GLASS_READ),
    Section("alone", "Done alone", "/people/alone", Permission.SINGLE_PERSON_CONFIRM),
    Section("directory", "Keycloak", "/admin/directory", Permission.DIRECTORY_READ),
)
OF_EVERYBODY: Final = frozenset({Permission.TEAM_READ})
"""What everybody may open: the list there holds what each may see."""


async def sections_for(work: UnitOfWork) -> Sequence[Section]:
    """Return the sections this person may open."""
    return [one for one in SECTIONS if one.right in OF_EVERYBODY or await _may(work, one)]


async def _may(work: UnitOfWork, section: Section) -> bool:
    return await work.allowed(section.right, Resource(section.right.value.partition(".")[0]))
