"""The OPA server as decider, through opa-python-client. The only module that imports it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
from opa_client.opa_async import AsyncOpaClient

from policy.asked import mark
from policy.decision import UNDEFINED, Document, Entrypoint, Evaluation
from policy.errors import DeciderFailedError, DeciderTimeoutError

TIMEOUT_SECONDS: Final = 0.5
_PATH: Final = re.compile(r"[a-z][a-z0-9_]*(?:/[a-z][a-z0-9_]*)*")
_QUERY: Final = {"provenance": "true", "strict-builtin-errors": "true"}


@dataclass(frozen=True, slots=True)
class OpaAddress:
    """Where the server is and how to be let in.

    Attributes:
        url: ``http://host:port`` or ``https://…`` without a path.
        token: bearer token, if the server asks for one.
        certificate: client certificate and key files, if it asks for them.
        bundle: name of our bundle on the server; needed only where it has several.
    """

    url: str
    token: str | None = None
    certificate: tuple[str, str] | None = None
    bundle: str | None = None

    def __repr__(self) -> str:
        """Leave the token out."""
        return f"OpaAddress(url={self.url!r})"


class OpaDecider:
    """Answers from an OPA server, reporting the revision its provenance names. Belongs to one event loop."""

    name = "opa"

    def __init__(
        self, address: OpaAddress, *, timeout: float = TIMEOUT_SECONDS, asking_key: bytes | None = None
    ) -> None:
        """Prepare; nothing is connected yet. Questions are marked under ``asking_key`` (``policy.asked``).

        Raises:
            ValueError: the address is no http or https address of a host alone.
        """
        parts = urlsplit(address.url)
        more = parts.path.strip("/") or parts.query or parts.fragment or parts.username
        if parts.scheme not in {"http", "https"} or not parts.hostname or more:
            raise ValueError("The OPA server's address is http(s)://host:port without a path.")
        self._bundle = address.bundle
        self._asking_key = asking_key
        self._client: Any = AsyncOpaClient(
            host=f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname,
            port=parts.port or (443 if parts.scheme == "https" else 80),
            ssl=parts.scheme == "https",
            cert=address.certificate,
            token=address.token,
            retries=0,
            timeout=timeout,
        )
        self._entered = False

    async def evaluate(self, entrypoint: Entrypoint, document: Document) -> Evaluation:
        """Evaluate one entrypoint; see ``policy.decision.Decider``."""
        package, rule = split_path(str(entrypoint.value))
        asked = document if self._asking_key is None else mark(document, self._asking_key)
        answer = await self._ask(package, rule, asked)
        return Evaluation(answer.get("result", UNDEFINED), self._revision(answer))

    async def ping(self) -> None:
        """Return when the server evaluates; see ``policy.decision.Decider``."""
        await self.evaluate(Entrypoint.SCOPE, {})

    async def close(self) -> None:
        """Close the connections."""
        if self._entered:
            self._entered = False
            await self._client.close_connection()

    async def _ask(self, package: str, rule: str, document: Document) -> Mapping[str, Any]:
        try:
            if not self._entered:
                await self._client.__aenter__()
                self._entered = True
            answer = await self._client.query_rule(dict(document), package, rule, query_params=_QUERY)
        except TimeoutError as error:
            raise DeciderTimeoutError("The OPA server did not answer in time.") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise DeciderFailedError("The OPA server is not there or answered with an error.") from error
        if not isinstance(answer, dict):
            raise DeciderFailedError("The OPA server's answer is no object.")
        return answer

    def _revision(self, answer: Mapping[str, Any]) -> str:
        """Return our bundle's revision, or nothing where it is unclear which bundle is ours."""
        provenance = answer.get("provenance")
        bundles = provenance.get("bundles") if isinstance(provenance, dict) else None
        if not isinstance(bundles, dict):
            return ""
        name = self._bundle if self._bundle is not None else next(iter(bundles), "")
        entry = bundles.get(name) if self._bundle is not None or len(bundles) == 1 else None
        revision = entry.get("revision") if isinstance(entry, dict) else None
        return revision if isinstance(revision, str) else ""


def split_path(path: str) -> tuple[str, str]:
    """Return package path and rule name of an entrypoint.

    Raises:
        ValueError: the path holds anything but lower-case names; the client encodes nothing.
    """
    if not _PATH.fullmatch(path) or "/" not in path:
        raise ValueError("A policy path is lower-case names joined by slashes.")
    package, _, rule = path.rpartition("/")
    return package, rule
