"""Open Inference Protocol V2 over HTTP, as MLServer, KServe and Triton serve it.

MLServer hands all request headers to model code, and turns `parameters.headers` of a reply into response
headers: so a short list of headers goes in, none comes back, and the content type is ours.
"""

from collections.abc import Mapping
from typing import Final

from console.catalog.names import upstream_path
from console.gateway.answers import Refusal
from console.gateway.upstream import Headers

PASSED_IN: Final = (b"content-type", b"content-encoding", b"accept")
BINARY_HEADER: Final = b"inference-header-content-length"
JSON: Final = b"application/json"
ANSWERED: Final = (JSON, b"application/octet-stream", b"text/event-stream")
LARGEST_VALUE: Final = 200


def refuse_unsupported(headers: Mapping[bytes, bytes]) -> Refusal | None:
    """Return the refusal of what this server cannot take yet: tensors in binary form."""
    octets = headers.get(b"content-type", b"").strip().lower().startswith(b"application/octet-stream")
    return Refusal(415, ("binary_tensors",)) if BINARY_HEADER in headers or octets else None


def path_of(upstream_name: str, upstream_version: str, suffix: str) -> str:
    """Return the path on the cluster; the version is always pinned, the server's own choice never used."""
    return upstream_path(upstream_name, upstream_version) + suffix


def request_headers(headers: Mapping[bytes, bytes], *, has_body: bool) -> Headers:
    """Return what of the caller's headers the cluster gets: never a credential, never an identity."""
    passed = [
        (name, headers[name]) for name in PASSED_IN if name in headers and len(headers[name]) <= LARGEST_VALUE
    ]
    if has_body and b"content-type" not in headers:
        passed.append((b"content-type", JSON))
    return [(name, value) for name, value in passed if b"\r" not in value and b"\n" not in value]


def answer_type(upstream: bytes) -> bytes:
    """Return the content type of the answer: one of the protocol's own, never the cluster's words."""
    named = upstream.partition(b";")[0].strip().lower()
    return named if named in ANSWERED else b"application/octet-stream"
