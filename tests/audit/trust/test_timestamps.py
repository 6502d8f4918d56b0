"""Checkpoints are stamped by an authority of openssl's own, and openssl alone verifies the stamp."""

import hashlib
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from audit.checkpoints.note import parse_note
from audit.checkpoints.rfc3161 import TimestampAuthority, TimestampError, read_roots, verify_token
from audit.checkpoints.signing import Checkpointer
from audit.checkpoints.stamping import Stamping
from audit.errors import AuditError
from audit.heads.state import read_states
from audit.reader import LogReader
from audit.sinks.http import HttpClient
from audit.verify import verify
from tests.audit.log_store import START, Store, pending
from tests.audit.test_verify import ENTRIES, SIGNER, write_log
from tests.audit.trust.tsa import RunningAuthority, make_authority, run_authority
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow  # each authority makes its keys and certificates
DATA = b"log.example/a\n5\nAAAA\n"
MINUTE = 60_000_000


@pytest.fixture
async def authority(tmp_path: Path) -> AsyncIterator[RunningAuthority]:
    async with run_authority(tmp_path / "tsa") as running:
        yield running


@pytest.fixture
async def client(authority: RunningAuthority) -> AsyncIterator[TimestampAuthority]:
    http = HttpClient(authority.url, networks=("127.0.0.0/8",), timeout=PATIENCE)
    opened = TimestampAuthority(http, read_roots(authority.root))
    yield opened
    await opened.close()


def openssl_verifies(token: Path, data: Path, root: Path) -> bool:
    words: list[str | Path] = ["openssl", "ts", "-verify", "-in", token, "-data", data, "-CAfile", root]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


async def test_a_stamp_holds_for_us_and_for_openssl(
    authority: RunningAuthority, client: TimestampAuthority, tmp_path: Path
) -> None:
    token = await client.stamp(DATA)
    roots = read_roots(authority.root)
    verify_token(token, DATA, roots)
    (tmp_path / "token").write_bytes(token)
    (tmp_path / "data").write_bytes(DATA)
    assert openssl_verifies(tmp_path / "token", tmp_path / "data", authority.root)
    assert len(token) < 4_000


async def test_a_changed_stamp_text_or_authority_is_refused(
    authority: RunningAuthority, client: TimestampAuthority, tmp_path: Path
) -> None:
    token, roots = await client.stamp(DATA), read_roots(authority.root)
    other = make_authority(tmp_path / "other", "Other")
    with pytest.raises(TimestampError, match="Mismatch between messages"):
        verify_token(token, DATA + b"\n", roots)
    with pytest.raises(TimestampError):
        verify_token(token, DATA, read_roots(other))
    with pytest.raises(TimestampError, match="Nonce"):
        verify_token(token, DATA, roots, nonce=1)
    imprint = token.index(hashlib.sha256(DATA).digest())  # the time and the nonce stand behind it
    for place in (*range(imprint - 30, imprint + 60), *range(len(token) - 60, len(token))):
        changed = bytearray(token)
        changed[place] ^= 1
        with pytest.raises(TimestampError):
            verify_token(bytes(changed), DATA, roots)


@pytest.mark.parametrize(("status", "answer"), [(200, b"<html>"), (200, b""), (500, None), (302, None)])
async def test_an_answer_that_is_no_stamp_is_refused(
    authority: RunningAuthority, client: TimestampAuthority, status: int, answer: bytes | None
) -> None:
    authority.status, authority.answer = status, answer
    with pytest.raises(TimestampError):
        await client.stamp(DATA)


async def test_an_old_stamp_is_not_taken_for_a_new_one(
    authority: RunningAuthority, client: TimestampAuthority
) -> None:
    authority.answer = await client.stamp(DATA)
    with pytest.raises(TimestampError, match="Nonce"):
        await client.stamp(DATA)


def test_roots_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.pem", Path(__file__)):
        with pytest.raises(TimestampError, match="cannot be read"):
            read_roots(path)


async def test_a_growing_log_is_stamped_now_and_then(
    store: Store, authority: RunningAuthority, client: TimestampAuthority
) -> None:
    log = await store.begin()
    stamping = Stamping(client, store.engine, store.clock, every=MINUTE)
    reader, signs = LogReader(store.engine), Checkpointer(store.engine, log, store.signer)
    assert await stamping.run_once() is None
    assert await reader.timestamp() is None
    stamped = []
    for _ in range(3):
        await log.append(pending(2))
        await signs.sign(store.clock())
        stamped.append(await stamping.run_once())
        store.clock.pass_seconds(40)
    assert stamped == [3, None, 7]
    assert await stamping.run_once() is None  # nothing grew
    found = await reader.timestamp()
    assert found is not None
    checkpoint, token = found
    assert checkpoint.size == 7
    verify_token(token, parse_note(checkpoint.note.encode()).text.encode(), read_roots(authority.root))
    (state,) = await read_states(store.engine)
    assert (state.kind, state.size, state.trouble) == ("timestamp", 7, None)


async def test_an_authority_that_is_away_holds_nothing_up_and_is_told(
    store: Store, authority: RunningAuthority, client: TimestampAuthority
) -> None:
    log = await store.begin()
    await Checkpointer(store.engine, log, store.signer).sign(START)
    authority.status = 503
    assert await Stamping(client, store.engine, store.clock, every=MINUTE).run_once() is None
    (state,) = await read_states(store.engine)
    assert state.trouble == "The time stamp authority answered with status 503."
    assert issubclass(TimestampError, AuditError)


def test_an_export_with_a_stamp_verifies_and_a_stamp_of_another_history_does_not(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", ENTRIES)
    earlier = write_log(tmp_path / "earlier", ENTRIES[:300])
    forged = write_log(tmp_path / "forged", [b'{"number":7,"v":1}', *ENTRIES[1:300]])
    longer = write_log(tmp_path / "longer", [*ENTRIES, *ENTRIES])
    (log / "timestamp").mkdir()
    for source, ok, words in (
        (earlier, True, "The first 300 are stamped"),
        (log, True, "The first 700 are stamped"),
        (forged, False, "of another history"),
        (longer, False, "of another history"),
    ):
        (log / "timestamp" / "checkpoint").write_bytes((source / "checkpoint").read_bytes())
        verdict = verify(log, SIGNER.vkey)
        assert (verdict.ok, words in verdict.sentence) == (ok, True), verdict.sentence
    note = (earlier / "checkpoint").read_bytes().replace(b"\n300\n", b"\n301\n")
    (log / "timestamp" / "checkpoint").write_bytes(note)
    assert "does not belong" in verify(log, SIGNER.vkey).sentence
