"""What is wrong with this installation, in one sentence each, with its mend."""

from dataclasses import dataclass

from console.installation import check_current
from console.pings import ping_all
from console.services import Services, build
from console.settings import Settings

MENDS = {
    "database": "Check database.url and that the server runs.",
    "log": "Run `guildhall db upgrade`, then check database.log_url.",
    "policy": "Check policy.opa_url, that the server runs, and that it holds the bundle.",
    "elasticsearch": "Check audit.elasticsearch.url; the log waits and ships when it answers.",
}


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


async def examine(settings: Settings) -> list[Finding]:
    """Look at everything this installation needs."""
    services = build(settings)
    try:
        found = [_pinged(name, state) for name, state in (await ping_all(services)).items()]
        found += [await _issuer(services, url) for url in services.sign_in.issuers]
    finally:
        await services.close()
    return [*found, await _migrated(settings), _grpc()]


def _pinged(name: str, state: str) -> Finding:
    ok = state == "ok"
    return Finding(name, ok, "It answers." if ok else state, "" if ok else MENDS.get(name, ""))


async def _issuer(services: Services, url: str) -> Finding:
    try:
        await services.sign_in.metadata[url].ping()
    except Exception as error:  # noqa: BLE001 - the sentence says what is wrong, whatever it is
        mend = "Check the issuer's address, and that this host reaches it."
        return Finding(f"issuer {url}", ok=False, sentence=f"{error}", mend=mend)
    return Finding(f"issuer {url}", ok=True, sentence="It answers, and names itself as configured.")


async def _migrated(settings: Settings) -> Finding:
    current = await check_current(settings)
    sentence = "Both databases are at the newest revision." if current else "A database is behind."
    return Finding("migrations", current, sentence, "" if current else "Run `guildhall db upgrade`.")


def _grpc() -> Finding:
    return Finding("grpc", ok=True, sentence="gRPC is not governed in this version: keep it closed.")
