"""What the gateway answers by itself, in the Open Inference Protocol's error form with ours beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import orjson

from console.asgi import Send

ACCESS_REQUESTS: Final = "/api/v1/access-requests"
AUDIT_ID: Final = b"guildhall-audit-id"
CONFINED: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"sandbox; default-src 'none'"),
    (b"cache-control", b"no-store"),
)
SENTENCES: Final[Mapping[str, str]] = {
    "no_grant": "You have no access to this model. Ask for it, and its owners decide.",
    "grant_expired": "Your access to this model has ended. Ask for it again.",
    "route_stopped": "This model is stopped.",
    "not_found": "There is no model by this name.",
    "unknown_version": "There is no such version of this model.",
    "audit_unavailable": "The call cannot be recorded just now, so it is not made. Try again in a moment.",
    "token_missing": "Send an access token or key as `Authorization: Bearer`.",
    "binary_tensors": "Binary tensors are not taken yet; send tensors as JSON.",
    "body_too_large": "The request is larger than this gateway takes.",
    "unknown_path": "There is nothing here.",
    "upstream_unreachable": "The serving cluster does not answer. The attempt is recorded.",
    "upstream_timeout": "The serving cluster did not answer in time. The attempt is recorded.",
    "upstream_closed": "The serving cluster broke off its answer. The attempt is recorded.",
    "upstream_malformed": "The serving cluster's answer is not HTTP. The attempt is recorded.",
    "upstream_redirect": "The serving cluster tried to send the call elsewhere. The attempt is recorded.",
}
TYPES: Final = {
    401: "not_signed_in",
    403: "refused",
    404: "not_found",
    413: "too_large",
    415: "media_type",
    502: "upstream",
    503: "policy_unavailable",
    504: "upstream",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is no model's: status, stable reasons, and the ids that find it in the log."""

    status: int
    reasons: Sequence[str]
    decision: UUID | None = None
    entry: UUID | None = None
    offer_access: bool = False
    headers: tuple[tuple[bytes, bytes], ...] = field(default=())

    def body(self) -> bytes:
        """Return the JSON body: `error` for V2 clients, the problem's members beside it (RFC 9457)."""
        first = self.reasons[0] if self.reasons else ""
        kind = "audit_unavailable" if first == "audit_unavailable" else TYPES.get(self.status, "refused")
        sentence = SENTENCES.get(first.partition(":")[0], "This call is not allowed.")
        if kind == "policy_unavailable":
            sentence = "No decision could be had just now, and undecided is refused. Try again in a moment."
        said: dict[str, object] = {
            "error": sentence,
            "type": f"urn:guildhall:problem:{kind}",
            "detail": sentence,
            "decision_id": str(self.decision) if self.decision else None,
            "reasons": list(self.reasons),
        }
        if self.offer_access:
            said["request_access"] = ACCESS_REQUESTS
        return orjson.dumps(said)


async def send_refusal(send: Send, refusal: Refusal) -> None:
    """Send a refusal whole."""
    await send_json(send, refusal.status, refusal.body(), refusal.entry, refusal.headers)


async def send_json(
    send: Send,
    status: int,
    body: bytes,
    entry: UUID | None = None,
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> None:
    """Send a JSON body whole, confined as every governed answer is."""
    length = (b"content-length", b"%d" % len(body))
    head = [(b"content-type", b"application/json"), length, *CONFINED, *audit_header(entry), *headers]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})


def audit_header(entry: UUID | None) -> tuple[tuple[bytes, bytes], ...]:
    """Return the header that names the entry a call is recorded under."""
    return ((AUDIT_ID, str(entry).encode()),) if entry else ()
