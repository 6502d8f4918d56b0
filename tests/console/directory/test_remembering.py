"""What a directory says of people who are here: rules count it, and whoever would gain is known by it."""

from uuid import UUID

import pytest
from sqlmodel import col, delete, select

from console.directory.polling import poll
from console.people.matching import count_matches, key_of, matched_among
from console.services import Services
from sso.models import ClaimDigest, Identity, MappingRule, RuleMatcher
from tests.console.directory.scene import SETTINGS, add_rules, somebody, sync
from tests.console.directory.told_realm import HERE, ToldRealm


async def counted(services: Services) -> dict[str, int]:
    """How many people each rule of the directory is said to match."""
    async with services.database.read() as session:
        own = select(MappingRule).where(MappingRule.issuer == SETTINGS.known_as)
        keys = [key_of(rule) for rule in await session.exec(own)]
        found = await count_matches(services, session, keys)
    return {key[3]: count for key, count in found.items() if count}


async def test_people_whom_a_sync_puts_into_a_group_are_counted_and_no_more_when_it_takes_them_out(
    services: Services, teams: dict[str, UUID]
) -> None:
    await sync(services, somebody("ada"), somebody("bob"))
    await add_rules(services, teams)
    assert await counted(services) == {}
    await sync(services, somebody("ada", "/risk"), somebody("bob", "/risk", "/retail"))
    assert await counted(services) == {"/risk": 2, "/retail": 1}
    await sync(services, somebody("ada"), somebody("bob", "/retail"))
    assert await counted(services) == {"/retail": 1}


async def test_what_a_sign_in_alone_has_said_is_left_alone(
    services: Services, teams: dict[str, UUID]
) -> None:
    await add_rules(services, teams)
    await sync(services, somebody("ada", "/risk"))
    identity = next(iter(await digests(services)))[0]
    title = ClaimDigest(identity_id=identity, digest=b"of another claim")
    async with services.database.write() as session:
        session.add(title)
    await sync(services, somebody("ada", "/retail"))
    assert (identity, title.digest) in await digests(services)
    assert await counted(services) == {"/retail": 1}


async def digests(services: Services) -> set[tuple[UUID, bytes]]:
    async with services.database.read() as session:
        return set((await session.exec(select(ClaimDigest.identity_id, ClaimDigest.digest))).all())


@pytest.mark.usefixtures("teams")
async def test_whom_an_event_puts_into_a_group_that_no_rule_names_is_known_to_gain_by_a_rule_about_it(
    services: Services,
) -> None:
    realm = ToldRealm.sized(3, 4, 6)
    settings = realm.settings(HERE)
    name, group = next((one, groups[0]) for one, groups in realm.joined.items() if groups)
    key = (settings.known_as, "groups", RuleMatcher.EXACT, str(realm.groups[group]["path"]))
    async with realm.opened() as admin:
        await poll(services, settings, admin)
        realm.tell("UPDATE", "USER", f"users/{name}", services.clock() // 1000)
        await poll(services, settings, admin)
        person = await person_at(services, settings.known_as, name)
        async with services.database.write() as session:
            await session.exec(delete(ClaimDigest))
        realm.tell("CREATE", "GROUP_MEMBERSHIP", f"users/{name}/groups/{group}", services.clock() // 1000)
        await poll(services, settings, admin)
    async with services.database.read() as session:
        assert await matched_among(services, session, key, {person}) == {person}
        other = (*key[:3], "/another")
        assert await matched_among(services, session, other, {person}) == frozenset()


async def person_at(services: Services, issuer: str, subject: str) -> UUID:
    async with services.database.read() as session:
        found = select(Identity.person_id).where(col(Identity.issuer) == issuer)
        return (await session.exec(found.where(Identity.subject == subject))).one()
