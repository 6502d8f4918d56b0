"""rsyslog as Debian packages it: a real receiver of syslog, over TCP and over TLS with client keys."""

from __future__ import annotations

import re
import socket
import time
from pathlib import Path
from typing import ClassVar

from tests import tools
from tests.audit.sinks.certificates import write_certificates
from tests.patience import PATIENCE
from tests.real import cache
from tests.real.server import HOST, RealServer, free_port

SEQUENCE = re.compile(r'sequence="(\d+)"')
CONFIGURATION = """
global(workDirectory="{folder}" maxMessageSize="64k"
       defaultNetstreamDriver="ossl"
       defaultNetstreamDriverCAFile="{folder}/ca.pem"
       defaultNetstreamDriverCertFile="{folder}/server.pem"
       defaultNetstreamDriverKeyFile="{folder}/server.key")
module(load="imptcp")
module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="x509/name"
       permittedPeer=["client.guildhall.test"])
input(type="imptcp" address="127.0.0.1" port="{port}")
input(type="imtcp" address="127.0.0.1" port="{tls_port}")
template(name="whole" type="string" string="%structured-data% %msg%\\n")
action(type="omfile" file="{folder}/received" template="whole" fileCreateMode="0644" asyncWriting="off")
"""


class RsyslogReceiver(RealServer):
    """A receiver that writes structured data and message of everything it takes to one file."""

    name: ClassVar[str] = "rsyslog"
    start_seconds: ClassVar[float] = 120.0

    def __init__(self) -> None:
        super().__init__()
        self.tls_port = free_port()

    def fetch(self) -> None:
        cache.install_from_debian(tools.find_rsyslog)
        if tools.find_rsyslog() is None:
            raise cache.MissingPartError(
                "rsyslog is missing: install the packages rsyslog and rsyslog-openssl"
            )

    @property
    def received(self) -> Path:
        """The file of what came."""
        return self.folder / "received"

    def sequences(self) -> list[int]:
        """Which entries came, as a receiver that drops repetitions holds them."""
        text = self.received.read_text("utf-8") if self.received.exists() else ""
        return sorted({int(found) for found in SEQUENCE.findall(text)})

    def wait_for(self, number: int, seconds: float = PATIENCE) -> list[int]:
        """Return which entries came once there are ``number`` of them, or when time is up."""
        deadline = time.monotonic() + seconds
        while len(found := self.sequences()) < number and time.monotonic() < deadline:
            time.sleep(0.05)
        return found

    def forget(self) -> None:
        """Empty the file."""
        if self.received.exists():
            self.received.write_bytes(b"")

    def prepare(self, folder: Path) -> None:
        write_certificates(folder)
        configuration = folder / "rsyslog.conf"
        text = CONFIGURATION.format(folder=folder, port=self.port, tls_port=self.tls_port)
        configuration.write_text(text, "utf-8")
        for path in folder.iterdir():
            self.hand_over(path)

    def command(self) -> list[str]:
        program = tools.find_rsyslog()
        assert program is not None
        files = ["-f", str(self.folder / "rsyslog.conf"), "-i", str(self.folder / "pid")]
        return [str(program), "-n", *files]

    def healthy(self) -> bool:
        return all(_answers(port) for port in (self.port, self.tls_port))


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0
