"""While everybody is read, events are looked at, and whom they tell of is read again."""

import asyncio
from collections.abc import Iterable

import pytest

from console.directory.looking import ATTEMPTS, Meanwhile
from sso.errors import DirectoryError
from sso.keycloak.events import AdminEvent, Seen, affected
from sso.syncing.snapshot import Snapshot
from tests.console.directory.scene import somebody

ISSUER = "https://id.example/realms/staff"


class Realm:
    """A directory whose reading lasts until it was looked at three times; each look finds one event."""

    def __init__(self, *events: AdminEvent) -> None:
        self.events, self.looks, self.readings = list(events), 0, 0
        self.looked = asyncio.Event()
        self.asked: set[str] = set()

    async def look(self) -> Seen:
        self.looks += 1
        if self.looks >= 3:
            self.looked.set()
        return Seen(admin=(self.events.pop(0),)) if self.events else Seen()

    async def concerned(self, seen: Seen) -> set[str]:
        return set(affected(seen.admin))

    async def everybody(self) -> Snapshot:
        self.readings += 1
        await self.looked.wait()
        people = [somebody(name, "/risk") for name in ("ada", "eve", "mallory")]
        return Snapshot(ISSUER, {one.subject: one for one in people}, groups=1, memberships=3)

    async def some(self, subjects: Iterable[str]) -> Snapshot:
        self.asked = set(subjects)
        return Snapshot(ISSUER, {"eve": somebody("eve")}, frozenset({"mallory"}) & self.asked)

    async def read(self) -> Snapshot:
        return await Meanwhile(self.look, self.concerned, 0.001).read(self.everybody, self.some)


def event(path: str, resource: str = "USER") -> AdminEvent:
    return AdminEvent(path, 0, "UPDATE", resource, path)


async def test_whom_an_event_told_of_meanwhile_is_as_they_are_now() -> None:
    realm = Realm(event("users/eve"), event("users/mallory"))
    snapshot = await realm.read()
    assert realm.asked == {"eve", "mallory"}
    assert {subject: one.claims["groups"] for subject, one in snapshot.people.items()} == {
        "ada": ("/risk",),
        "eve": (),
    }
    assert (snapshot.groups, snapshot.memberships, snapshot.gone) == (1, 3, frozenset())


async def test_a_group_that_moved_meanwhile_lets_everybody_be_read_again() -> None:
    realm = Realm(event("groups/one", "GROUP"))
    await realm.read()
    assert realm.readings == 2


async def test_groups_that_move_all_the_while_end_the_reading() -> None:
    realm = Realm(*[event(f"groups/{place}", "GROUP") for place in range(20)])
    with pytest.raises(DirectoryError) as refused:
        await realm.read()
    assert (refused.value.reason, realm.readings) == ("directory_changed", ATTEMPTS)


async def test_a_look_that_fails_ends_the_reading_too() -> None:
    realm = Realm()
    realm.looked.clear()

    async def away() -> Seen:
        raise DirectoryError("directory_unavailable")

    with pytest.raises(DirectoryError):
        await Meanwhile(away, realm.concerned, 0.001).read(realm.everybody, realm.some)
