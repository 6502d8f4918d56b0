"""What a version is bound to: what its cluster reports of it, and where it can be read, its bytes.

A cluster is believed about itself: one that reports the approved words while it runs other bytes is not found
out by them. Only `artifact` speaks of bytes, and only of those that the console reads.
"""

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from console.models import Deployment, Version

FIELDS: Final = ("name", "version", "platform", "inputs", "outputs")
ARTIFACT: Final = "artifact"
UNREPORTED: Final = "unreported"
"""The field that differs when the cluster answers, and no longer describes the version."""

Served = Mapping[str, Any]


class EvidenceKind(StrEnum):
    """How strongly a version is known: by its bytes, by what CI declared, by what its cluster says."""

    ARTIFACT = "artifact"
    DECLARED = "declared"
    SERVED = "served"


def served_of(deployment: Deployment) -> Served:
    """Return what the cluster last reported of a deployment, member by member."""
    return {
        "name": deployment.upstream_name,
        "version": deployment.upstream_version,
        "platform": deployment.platform,
        "inputs": json.loads(deployment.inputs),
        "outputs": json.loads(deployment.outputs),
    }


def served_text(served: Served) -> str:
    """Return the one text it is kept and hashed as: JSON with sorted keys and no spaces, in ASCII."""
    return json.dumps({name: served[name] for name in FIELDS}, sort_keys=True, separators=(",", ":"))


def served_digest(text: str) -> str:
    """Return SHA-256 (hex) over `served_text`."""
    return hashlib.sha256(text.encode()).hexdigest()


def differing(version: Version, served: Served | None) -> tuple[str, ...]:
    """Return the members in which what is served now is not what was approved; none for no record of it.

    Without `served` the cluster answered, but did not describe the version.
    """
    if not version.served:
        return ()
    if served is None:
        return (UNREPORTED,)
    # Sent through its text, so that a list read from a table equals one read from the network.
    approved, now = json.loads(version.served_as), json.loads(served_text(served))
    return tuple(name for name in FIELDS if approved.get(name) != now[name])
