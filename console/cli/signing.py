"""What commands that sign share: nobody signs what they were not shown, and a stale sign-in is said so."""

from collections.abc import Mapping
from typing import Any, Final

import httpx2

from console.cli.client import Client, CommandError, explain
from policy.canonical import content_hash

SIGN_IN_ANEW: Final = frozenset({"step_up_required", "sign_in_used"})


def signed_content(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is signed; the hash is computed here, so nobody signs what they were not shown."""
    content: dict[str, Any] = found["content"]
    if content_hash(content) != found["content_hash"]:
        raise CommandError("The content shown is not what its hash says: nothing was signed.")
    return content


def sign(answer: httpx2.Response) -> dict[str, Any]:
    """Return what a signature led to; a refusal for want of a fresh sign-in says how to get one."""
    if answer.is_success:
        signed: dict[str, Any] = answer.json()
        return signed
    refusal = explain(answer)
    if any(reason in refusal.message for reason in SIGN_IN_ANEW):
        how = "Sign in anew and strongly, then sign with that token within 300 seconds"
        raise CommandError(f"{refusal.message} {how} (demo: `guildhall dev token NAME --step-up`).")
    raise refusal


def pages(client: Client, path: str, wanted: Mapping[str, str | int]) -> list[dict[str, Any]]:
    """Return the items of every page of a list."""
    found: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        page = client.get(path, {**wanted, "after": after})
        found, after = [*found, *page["items"]], page["next"]
    return found
