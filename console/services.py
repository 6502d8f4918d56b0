"""The composition root: the one place that names real classes. Tests build it with fakes or real parts."""

from dataclasses import dataclass, replace

import httpx2

from audit.checkpoints.key_file import load_kek
from audit.database import create_log_engine
from audit.reader import LogReader
from audit.subjects.subject_keys import KeyStore
from console.clock import Clock, system_clock
from console.database import Database
from console.denials.denials import Denials
from console.freshness.feed import Feed
from console.freshness.remembered import Remembered
from console.key_uses import KeyUses
from console.policies.active import Policies
from console.report_limit import ReportLimit
from console.settings import Settings
from console.sign_in.providers import Providers, configured_issuers
from policy.bundles import read_bundle
from policy.decision import Decider
from policy.embedded import EmbeddedDecider
from policy.fallback import FallbackDecider
from policy.opa import OpaAddress, OpaDecider
from sso.keys.peppers import Peppers
from sso.principal import Principal
from sso.workload import Workloads


@dataclass(frozen=True, slots=True)
class Services:
    """Every port that pages, API, gateway and worker use, made once per process."""

    settings: Settings
    clock: Clock
    database: Database
    log: LogReader
    decider: Decider
    policies: Policies
    keys: KeyStore
    csrf_key: bytes
    identity_key: bytes
    session_key: bytes
    asking_key: bytes
    denials: Denials
    peppers: Peppers
    key_uses: KeyUses
    reports: ReportLimit
    sign_in: Providers
    http: httpx2.AsyncClient
    feed: Feed
    known: Remembered[Principal]
    workloads: Workloads

    @property
    def policy_revision(self) -> str:
        """The revision that decides, as far as this process knows without asking."""
        return self.policies.known.revision

    async def close(self) -> None:
        """Release what was opened, last opened first."""
        await self.feed.stop()
        await self.policies.stop()
        await self.denials.stop()
        await self.key_uses.stop()
        await self.http.aclose()
        await self.decider.close()
        await self.log.engine.dispose()
        await self.keys.close()
        await self.database.close()


def build(settings: Settings, clock: Clock = system_clock) -> Services:
    """Return the services that `settings` ask for; connections are made when first used."""
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = KeyStore(settings.keys_url, load_kek(settings.data / "keys" / "subject.kek"), clock)
    http = httpx2.AsyncClient(timeout=10, follow_redirects=False)
    issuers, keys = configured_issuers(settings), settings.data / "keys"
    database = Database(settings.main_url)
    feed, asking_key = Feed(database), load_kek(keys / "asking.key")
    return Services(
        settings=settings,
        clock=clock,
        database=database,
        log=LogReader(create_log_engine(settings.log_url)),
        decider=_decider(settings, asking_key),
        policies=Policies(database, feed, read_bundle(), keys),
        keys=store,
        csrf_key=load_kek(keys / "csrf.key"),  # a key of its own, kept under the same guards
        identity_key=load_kek(keys / "identity.key"),  # and another: it hides who an identity in history is
        session_key=load_kek(keys / "session.key"),  # seals the refresh tokens of sessions
        asking_key=asking_key,  # marks questions to OPA servers, so that their logs of them are believed
        denials=Denials(settings.spool, store, clock),
        peppers=Peppers(keys, load_kek),
        key_uses=KeyUses(database, clock),
        reports=ReportLimit(clock),
        sign_in=Providers(issuers, http, clock),
        http=http,
        feed=feed,
        known=Remembered(feed, clock),
        workloads=Workloads(http, clock),
    )


def _decider(settings: Settings, asking_key: bytes) -> Decider:
    policy = settings.policy
    deadline = policy.deadline_milliseconds / 1000
    embedded = EmbeddedDecider(decision_seconds=deadline)
    if policy.engine != "opa" or not policy.opa_url:
        return embedded
    token = policy.opa_token.get_secret_value() if policy.opa_token else None
    opa = OpaDecider(OpaAddress(policy.opa_url, token), timeout=deadline, asking_key=asking_key)
    return FallbackDecider(opa, embedded) if policy.fallback == "embedded" else opa


def with_decider(services: Services, decider: Decider) -> Services:
    """Return `services` deciding through `decider`."""
    return replace(services, decider=decider)
