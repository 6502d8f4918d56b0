"""What a directory says, at one moment; whichever product it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class DirectoryPerson:
    """Somebody as the directory knows them; `claims` as a sign-in there would say them, as far as known."""

    subject: str
    handle: str
    name: str
    email: str | None
    enabled: bool
    claims: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """People by subject. `gone` are subjects that were asked for by name and are not there any more."""

    issuer: str
    people: Mapping[str, DirectoryPerson]
    gone: frozenset[str] = frozenset()
    groups: int = 0
    memberships: int = 0

    def renewed(self, some: "Snapshot") -> "Snapshot":
        """Return the same with the people of `some`, and without those who are `gone` there."""
        kept = {subject: one for subject, one in self.people.items() if subject not in some.gone}
        return replace(self, people={**kept, **some.people})
