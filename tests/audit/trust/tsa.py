"""A time stamp authority of openssl's own, behind real HTTP on loopback."""

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

# No certs= line: with one, openssl writes the certificates in an order that is no DER set.
CONFIG = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


def openssl(*words: object) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


def make_authority(folder: Path, name: str = "Test") -> Path:
    """Make a root and a stamping certificate in ``folder``; return the root's file."""
    folder.mkdir(exist_ok=True)
    (folder / "serial").write_text("01\n")
    config = folder / "tsa.cnf"
    config.write_text(CONFIG.format(folder=folder))
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    root, tsa = folder / "root.pem", folder / "tsa"
    openssl(
        *("req", "-x509", *key, "-keyout", folder / "root.key", "-out", root, "-days", 3650),
        *("-subj", f"/CN={name} root", "-config", config, "-extensions", "ca"),
    )
    openssl(
        *("req", *key, "-keyout", f"{tsa}.key", "-out", f"{tsa}.csr"),
        *("-subj", f"/CN={name}", "-config", config),
    )
    openssl(
        *("x509", "-req", "-in", f"{tsa}.csr", "-CA", root, "-CAkey", folder / "root.key", "-days", 3650),
        *("-set_serial", 2, "-out", f"{tsa}.pem", "-extfile", config, "-extensions", "leaf"),
    )
    return root


@dataclass
class RunningAuthority:
    """One authority: its address, its root, and what it answers instead when told."""

    url: str
    folder: Path
    root: Path
    answer: bytes | None = None
    status: int = 200

    async def reply(self, request: web.Request) -> web.Response:
        query, token = self.folder / "query.tsq", self.folder / "token.tsr"
        query.write_bytes(await request.read())
        words = ("ts", "-reply", "-queryfile", query, "-out", token, "-config", self.folder / "tsa.cnf")
        await asyncio.to_thread(openssl, *words)
        body = token.read_bytes() if self.answer is None else self.answer
        return web.Response(body=body, status=self.status, content_type="application/timestamp-reply")


@contextlib.asynccontextmanager
async def run_authority(folder: Path) -> AsyncIterator[RunningAuthority]:
    running = RunningAuthority("", folder, make_authority(folder))
    app = web.Application()
    app.router.add_post("/", running.reply)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    running.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    try:
        yield running
    finally:
        await runner.cleanup()
