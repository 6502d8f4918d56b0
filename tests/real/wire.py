"""One JSON request by the standard library, so that a test of a server stands on nothing of ours."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from tests.patience import PATIENCE


def ask(method: str, url: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    """Send `body` as JSON and return the status and the parsed answer (its text when it is not JSON)."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE)
    try:
        sent = None if body is None else (body if isinstance(body, bytes) else json.dumps(body).encode())
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body=sent, headers={"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        return response.status, _parsed(response.read())
    finally:
        connection.close()


def _parsed(answer: bytes) -> Any:
    try:
        return json.loads(answer)
    except ValueError:
        return answer.decode("utf-8", "replace")
