"""The sections of the People area, as data: whoever brings a page adds one line."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Section:
    """One tab: its key, what it is called, and where it is."""

    key: str
    label: str
    path: str


SECTIONS: Final = (
    Section("break_glass", "Break glass", "/admin/break-glass"),
    Section("keys", "Keys", "/people/keys"),
    Section("rules", "Mapping rules", "/admin/rules"),
    Section("directories", "Directories", "/admin/directories"),
)
