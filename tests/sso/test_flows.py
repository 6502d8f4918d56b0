import asyncio

from sqlmodel import select

from console.database import Database
from sso.errors import SignInError
from sso.flows import keep, take
from sso.models import SignIn
from tests.sso.journey import Bench, callback_params


async def test_what_is_over_is_forgotten_with_the_next_start(bench: Bench, database: Database) -> None:
    old = await bench.start()
    async with database.write() as db:
        await keep(db, old.row)
    bench.clock.forward(601)
    new = await bench.start()
    async with database.write() as db:
        await keep(db, new.row)
    async with database.read() as db:
        kept = (await db.exec(select(SignIn.id_hash))).all()

    assert kept == [new.row.id_hash]


async def test_of_two_that_take_at_once_one_gets_it(bench: Bench, database: Database) -> None:
    started = await bench.start()
    state = callback_params(started.url)["state"]
    async with database.write() as db:
        await keep(db, started.row)

    async def attempt() -> str:
        try:
            async with database.write() as db:
                return (await take(db, started.cookie_value, state, bench.clock())).nonce
        except SignInError as error:
            return error.reason

    nonce = callback_params(started.url)["nonce"]
    assert sorted(await asyncio.gather(attempt(), attempt())) == sorted([nonce, "unknown_sign_in"])


async def test_neither_cookie_nor_verifier_show_in_a_repr(bench: Bench) -> None:
    started = await bench.start()

    assert started.cookie_value not in repr(started)
    assert started.row.code_verifier not in repr(started)
    assert started.row.code_verifier not in started.url
