"""Fetch every real part into the cache, with the seconds each took: `python -m tests.real.fetch`.

What cannot be had is a line `missing: NAME: why` and exit status 1; the others are fetched all the same.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from tests.real.chromium import Chromium
from tests.real.elasticsearch import ElasticsearchServer
from tests.real.keycloak_server import KeycloakServer
from tests.real.mlserver import MlServer
from tests.real.oidc_provider_server import OidcProviderServer
from tests.real.opa import OpaServer
from tests.real.postgres import PostgresServer
from tests.real.rsyslog import RsyslogReceiver
from tests.real.server import Part
from tests.real.strangers import Auditor, Tessera, Witnessed


def parts() -> list[Part]:
    """Every part, those that only download before those that compile."""
    servers: list[Part] = [ElasticsearchServer(), KeycloakServer(), PostgresServer(), RsyslogReceiver()]
    servers.append(OidcProviderServer())
    built: list[Part] = [MlServer(Path(os.devnull)), Tessera(), Auditor(), Witnessed(), OpaServer()]
    return [*servers, Chromium(), *built]


def main() -> int:
    """Fetch each part; return 1 when one is missing."""
    missing = 0
    for part in parts():
        began = time.monotonic()
        reason = part.available()
        missing += reason is not None
        line = (
            f"missing: {part.name}: {reason}" if reason else f"{part.name}: {time.monotonic() - began:.1f} s"
        )
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    return int(missing > 0)


if __name__ == "__main__":
    raise SystemExit(main())
