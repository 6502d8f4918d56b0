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
    "revoked": "The right to this answer ended while it was on its way.",
    "route_stopped": "This model is stopped.",
    "not_found": "There is no model by this name.",
    "unknown_version": "There is no such version of this model.",
    "audit_unavailable": "The call cannot be recorded just now, so it is not made. Try again in a moment.",
    "facts_unavailable": "What a decision needs cannot be read just now. Try again in a moment.",
    "issuer_unavailable": "The identity provider does not answer, so the access token cannot be checked.",
    "credential_in_address": "A key came in the address, where others can read it: revoke it, and send keys "
    "in the header.",
    "key_malformed": "This key is mistyped or cut off.",
    "key_ended": "This key has ended; make a new one.",
    "key_not_for_route": "This key is not for this model.",
    "key_owner_gone": "Whom this key belongs to may not sign in any more.",
    "key_refused": "This key is not known here.",
    "key_revoked": "This key was revoked.",
    "key_scope_missing": "This key is not for that.",
    "token_missing": "Send an access token or key as `Authorization: Bearer`.",
    "binary_tensors": "Binary tensors are not taken yet; send tensors as JSON.",
    "body_too_large": "The request is larger than this gateway takes.",
    "body_too_slow": "The request did not arrive in time.",
    "unknown_path": "There is nothing here.",
    "upstream_unreachable": "The serving cluster does not answer.",
    "upstream_timeout": "The serving cluster did not answer in time.",
    "upstream_closed": "The serving cluster broke off its answer.",
    "upstream_malformed": "The serving cluster's answer is not HTTP.",
    "upstream_forbidden": "The serving cluster is not where clusters may be.",
    "upstream_redirect": "The serving cluster tried to send the call elsewhere.",
}
NOT_ALLOWED: Final = "This call is not allowed."
SENTENCES_BY_TYPE: Final[Mapping[str, str]] = {
    "not_signed_in": "This access token is not accepted.",
    "policy_unavailable": "No decision could be had just now, and undecided is refused. Try again soon.",
}
OWN_TYPES: Final[Mapping[str, str]] = {
    "audit_unavailable": "audit_unavailable",
    "issuer_unavailable": "service_unavailable",
}
TYPES: Final[Mapping[int, str]] = {
    401: "not_signed_in",
    403: "refused",
    404: "not_found",
    408: "too_slow",
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
        kind = OWN_TYPES.get(first) or TYPES.get(self.status, "refused")
        sentence = SENTENCES.get(first.partition(":")[0]) or SENTENCES_BY_TYPE.get(kind, NOT_ALLOWED)
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
