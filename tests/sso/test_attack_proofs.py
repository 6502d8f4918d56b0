"""Proofs of possession (RFC 9449): what is not the very proof of this token and this request is refused."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from sqlmodel import SQLModel

from console.database import Database
from sso.dpop import Asked, Proof, check_proof, normal_url, spend, token_hash
from sso.errors import TokenError
from sso.models import SpentToken

NOW = 1_800_000_000
URL = "https://guildhall.example/v2/models/risk.credit-default/infer"
ASKED = Asked("POST", frozenset({URL}))
TOKEN = "header.payload.signature"
KEY = ECKey.generate_key("P-256")
OTHER = ECKey.generate_key("P-256")
CLAIMS = {"htm": "POST", "htu": URL, "iat": NOW, "jti": "one", "ath": token_hash(TOKEN)}


def proof(key: Any = KEY, header: Mapping[str, Any] | None = None, alg: str = "ES256", **changes: Any) -> str:
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    shown = {"alg": "ES256", "typ": "dpop+jwt", "jwk": key.as_dict(private=False), **(header or {})}
    return jwt.encode(shown, claims, key, algorithms=["ES256"])


def check(text: str, *, key: Any = KEY, asked: Asked = ASKED, now: int = NOW) -> Proof:
    return check_proof(text, key.thumbprint(), TOKEN, asked, now)


def test_a_proof_of_this_token_and_request_holds() -> None:
    assert check(proof()).end == (NOW + 90) * 1_000_000


REFUSED: dict[str, tuple[Callable[[], str], str]] = {
    "another_key": (lambda: proof(OTHER), "dpop_key"),
    "another_key_under_this_one": (
        lambda: proof(OTHER, {"jwk": KEY.as_dict(private=False)}),
        "dpop_malformed",
    ),
    "another_method": (lambda: proof(htm="GET"), "dpop_request"),
    "no_method": (lambda: proof(htm=None), "dpop_request"),
    "another_path": (lambda: proof(htu=URL.replace("credit", "debit")), "dpop_request"),
    "another_host": (lambda: proof(htu=URL.replace("guildhall.", "evil.")), "dpop_request"),
    "plain_http": (lambda: proof(htu=URL.replace("https", "http")), "dpop_request"),
    "no_address": (lambda: proof(htu=None), "dpop_request"),
    "no_url_at_all": (lambda: proof(htu="https://[half"), "dpop_request"),
    "another_token": (lambda: proof(ath=token_hash("another")), "dpop_token"),
    "no_token": (lambda: proof(ath=None), "dpop_token"),
    "too_old": (lambda: proof(iat=NOW - 61), "dpop_time"),
    "from_the_future": (lambda: proof(iat=NOW + 31), "dpop_time"),
    "no_time": (lambda: proof(iat=None), "dpop_time"),
    "no_name": (lambda: proof(jti=None), "dpop_time"),
    "another_type": (lambda: proof(header={"typ": "JWT"}), "dpop_malformed"),
    "private_key_sent": (lambda: proof(header={"jwk": KEY.as_dict(private=True)}), "dpop_malformed"),
    "no_proof": (lambda: "nonsense", "dpop_malformed"),
    "very_long": (lambda: proof(more="x" * 17_000), "dpop_malformed"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_case_45_a_proof_for_something_else_is_refused(case: str) -> None:
    made, reason = REFUSED[case]
    with pytest.raises(TokenError) as refused:
        check(made())
    assert refused.value.reason == reason


def test_case_45_a_shared_secret_is_no_key() -> None:
    secret = OctKey.generate_key(256)
    text = jwt.encode(
        {"alg": "HS256", "typ": "dpop+jwt", "jwk": secret.as_dict()}, CLAIMS, secret, algorithms=["HS256"]
    )
    with pytest.raises(TokenError):
        check(text, key=secret)


async def test_case_45_a_proof_is_good_once_in_all_processes_together(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/proofs.db"
    here, there = Database(url), Database(url)
    async with here.engine.begin() as connection:
        table = SQLModel.metadata.tables[str(SpentToken.__tablename__)]
        await connection.run_sync(lambda sync: SQLModel.metadata.create_all(sync, [table]))
    used = check(proof())

    async def use(database: Database, now: int) -> str:
        try:
            async with database.write() as session:
                await spend(session, used, now)
        except TokenError as error:
            return error.reason
        return "accepted"

    answers = await asyncio.gather(*(use(database, NOW * 1_000_000) for database in (here, there, here)))
    assert sorted(answers) == ["accepted", "dpop_replayed", "dpop_replayed"]
    # Afterwards its own time refuses it, so that what was used need not be remembered for ever.
    with pytest.raises(TokenError, match="too old"):
        check(proof(), now=NOW + 91)
    assert await use(there, (NOW + 91) * 1_000_000) == "accepted"
    await here.close()
    await there.close()


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("https://Guildhall.Example:443/a?b#c", "https://guildhall.example/a"),
        ("HTTP://localhost:80", "http://localhost/"),
        ("http://[::1]:8400/x", "http://[::1]:8400/x"),
        (None, "://" + "/"),
    ],
)
def test_addresses_are_compared_in_one_form(given: str | None, normal: str) -> None:
    assert normal_url(given) == normal
