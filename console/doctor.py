"""What is wrong with this installation, in one sentence each, with its mend."""

from dataclasses import dataclass

import httpx2
from sqlalchemy.exc import SQLAlchemyError

from audit.errors import AuditError
from audit.sinks.cursor import State, read_lag, read_position
from audit.sinks.port import Sink
from console.alarms import read_alarms
from console.clock import MICROSECONDS
from console.followers import build_sinks
from console.guard import standing_faults
from console.installation import check_current
from console.pings import ping_all
from console.services import Services, build
from console.settings import Settings
from console.sign_in.pages import CALLBACK
from console.sign_in.providers import dev_issuer
from console.vouching import read_vouchers
from sso.errors import ProviderError
from sso.keycloak.checks import check_as_admin, check_directory
from sso.keycloak.setup.wanted import Place
from sso.provider_checks import Checked, check_provider

MENDS = {
    "database": "Check database.url and that the server runs.",
    "data": "Check the folder in the setting data, and who may read its keys.",
    "log": "Run `guildhall db upgrade`, start the worker, and check database.log_url.",
    "entries": "Export the log, verify it under the key you kept, and find out who changed the database.",
    "keys": "Check database.keys_url, or the file keys/subject.db, and run `guildhall db upgrade`.",
    "policy": "Check policy.opa_url, that the server runs, and that it holds the bundle.",
    "issuer": "Check the issuer's address, and that this host reaches it.",
    "own issuer": "Start `guildhall serve`: the development provider lives in the console's own process.",
    "keeper": "Set audit.heads.folder to a mount operators cannot rewrite, or a witness, or Elasticsearch.",
    "directory": "Check audit.heads.folder, its mount, and who may write there.",
    "elasticsearch": "Check audit.elasticsearch, and that its user may write our index of checkpoints.",
    "witness": "Check audit.witnesses, that the witness runs, and that it was given this log's keys.",
    "quorum": "Check audit.witnesses and audit.witness_quorum, and each witness above.",
    "timestamp": "Check audit.timestamp, and that the authority answers.",
    "fork": "Keep everything as it is and read the how-to on a log that refuses to sign.",
    "sink": "Check the settings under audit; the log waits and ships when the sink answers.",
}
TOLD = "It knows the newest checkpoint it was told of."


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    name: str
    ok: bool
    sentence: str
    mend: str = ""

    def line(self) -> str:
        """Return the finding as a person reads it."""
        mark = "ok  " if self.ok else "BAD "
        return f"{mark} {self.name}: {self.sentence}" + (f" {self.mend}" if self.mend else "")

    def document(self) -> dict[str, object]:
        """Return the finding as a program reads it."""
        return {"name": self.name, "ok": self.ok, "sentence": self.sentence, "mend": self.mend}


async def examine(settings: Settings, admin: tuple[str, str] | None = None) -> list[Finding]:
    """Look at everything this installation needs; what cannot be looked at is a finding, not a failure.

    With name and password of a Keycloak's `admin`, its clients and mappers are looked at too.
    """
    try:
        services = build(settings)
    except (AuditError, OSError) as error:
        return [Finding("data", ok=False, sentence=str(error), mend=MENDS["data"])]
    try:
        found = [_pinged(name, state) for name, state in (await ping_all(services)).items()]
        for url in services.sign_in.issuers:
            found += await _issuer(services, url)
        found += await _directory(services, admin)
        found += [await _sink(services, sink) for sink in build_sinks(settings)]
        found.append(await _entries(services))
        found += await _alarms(services)
        found += await _vouchers(services)
    finally:
        await services.close()
    return [*found, await _migrated(settings), _grpc()]


def _pinged(name: str, state: str) -> Finding:
    ok = state == "ok"
    return Finding(name, ok, "It answers." if ok else state, "" if ok else MENDS.get(name, ""))


async def _issuer(services: Services, url: str) -> list[Finding]:
    name = f"issuer {url}"
    try:
        await services.sign_in.metadata[url].ping()
    except ProviderError as error:
        own = services.settings.embedded and url == dev_issuer(services.settings)
        mend = MENDS["own issuer" if own else "issuer"]
        return [Finding(name, ok=False, sentence=error.sentence, mend=mend)]
    answers = Finding(name, ok=True, sentence="It answers, and names itself as configured.")
    return [answers, *await _provider(services, url)]


async def _provider(services: Services, url: str) -> list[Finding]:
    settings, sign_in = services.settings, services.sign_in
    if url == dev_issuer(settings):
        return []
    redirect = settings.base_url + CALLBACK
    try:
        checked = await check_provider(
            services.http, sign_in.issuers[url], sign_in.metadata[url], redirect, services.clock
        )
    except httpx2.HTTPError as error:
        sentence = f"It stopped answering ({type(error).__name__})."
        return [Finding(f"issuer {url}", ok=False, sentence=sentence, mend=MENDS["issuer"])]
    return [_checked(one, f"{one.name} at {url}") for one in checked]


async def _directory(services: Services, admin: tuple[str, str] | None) -> list[Finding]:
    directory = services.settings.directory
    if directory is None:
        return []
    found = await check_directory(directory, services.clock())
    if admin is not None:
        url = services.settings.base_url
        place = Place(directory.realm, url, directory.groups_claim, directory.full_paths)
        found += await check_as_admin(directory, place, *admin)
    return [_checked(one, one.name) for one in found]


def _checked(one: Checked, name: str) -> Finding:
    return Finding(name, not one.mend, one.sentence, one.mend)


async def _sink(services: Services, sink: Sink) -> Finding:
    try:
        health = await sink.ping()
    finally:
        await sink.close()
    mend = "" if health.ok else MENDS["sink"]
    try:
        shipped, alarm = await _shipped(services, sink.name)
    except (SQLAlchemyError, OSError):  # the database has a finding of its own
        return Finding(sink.name, health.ok, health.sentence, mend)
    return Finding(
        sink.name,
        health.ok and not alarm,
        f"{health.sentence} {shipped}".strip(),
        f"Look into it, then `guildhall sink clear {sink.name}`." if alarm else mend,
    )


async def _shipped(services: Services, name: str) -> tuple[str, bool]:
    """Return how far a sink is behind and what stops it, in one sentence or none; and whether it alarms."""
    engine = services.log.engine
    position, lag = await read_position(engine, name), await read_lag(engine, name, services.clock())
    seconds = lag.microseconds // MICROSECONDS
    behind = f"It lacks {lag.entries} entries, the oldest for {seconds} s." if lag.entries else ""
    return f"{behind} {position.error or ''}".strip(), position.state is State.ALARM


async def _entries(services: Services) -> Finding:
    try:
        faults = await standing_faults(services)
    except (SQLAlchemyError, AuditError, OSError) as error:
        sentence = f"What is stored cannot be compared with what was signed ({type(error).__name__})."
        return Finding("entries", ok=False, sentence=sentence, mend=MENDS["log"])
    if faults:
        return Finding("entries", ok=False, sentence=faults[0].sentence, mend=MENDS["entries"])
    return Finding("entries", ok=True, sentence="The newest entries are as they were signed.")


async def _alarms(services: Services) -> list[Finding]:
    try:
        return [
            Finding(one.name, ok=False, sentence=one.sentence, mend=one.mend)
            for one in await read_alarms(services)
        ]
    except (SQLAlchemyError, OSError):  # the database has a finding of its own
        return []


async def _vouchers(services: Services) -> list[Finding]:
    try:
        vouchers = await read_vouchers(services)
    except (SQLAlchemyError, OSError):  # the database has a finding of its own
        return []
    return [
        Finding(one.name, one.trouble is None, one.trouble or TOLD, MENDS[one.kind] if one.trouble else "")
        for one in vouchers
    ]


async def _migrated(settings: Settings) -> Finding:
    try:
        current = await check_current(settings)
    except (SQLAlchemyError, OSError) as error:
        sentence = f"A database cannot be looked at ({type(error).__name__})."
        return Finding("migrations", ok=False, sentence=sentence, mend=MENDS["database"])
    sentence = "Every database is at the newest revision." if current else "A database is behind."
    return Finding("migrations", current, sentence, "" if current else "Run `guildhall db upgrade`.")


def _grpc() -> Finding:
    return Finding("grpc", ok=True, sentence="gRPC is not governed in this version: keep it closed.")
