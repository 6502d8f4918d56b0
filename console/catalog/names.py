"""Names: what a route may be called, and what a cluster may call its models.

A cluster is not trusted: an upstream name is validated, capped and percent-encoded before it is used.
"""

import re
from urllib.parse import quote

from console.errors import InvalidInputError

NAMESPACE = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
MODEL = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
VERSION_LABEL = re.compile(r"[A-Za-z0-9._+-]{1,64}")
# No slash: servers decode a path before they route it, so an encoded one would lead elsewhere.
UPSTREAM = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._:+-]{0,98}[A-Za-z0-9._:+-])?")
LONGEST_UPSTREAM_VERSION = 64
DOTS = re.compile(r"\.{2,}")
MODEL_RULE = (
    "Use 1 to 64 lower-case letters, digits, dots, hyphens and underscores, starting with a letter or digit."
)


def route_name(namespace: str, model: str) -> str:
    """Return `namespace.model`.

    Raises:
        InvalidInputError: one of the two is no valid name; `fields` says which.
    """
    wrong = {}
    if not NAMESPACE.fullmatch(namespace):
        wrong["namespace"] = "Use 1 to 32 lower-case letters, digits and hyphens, not starting with a hyphen."
    if not MODEL.fullmatch(model):
        wrong["name"] = MODEL_RULE
    if wrong:
        raise InvalidInputError("This name cannot be a route's.", ("invalid_name",), wrong)
    return f"{namespace}.{model}"


def is_route_name(text: str) -> bool:
    """Whether `text` is shaped like `team.model`, split at the first dot."""
    namespace, dot, model = text.partition(".")
    return bool(dot and NAMESPACE.fullmatch(namespace) and MODEL.fullmatch(model))


def is_cluster_name(text: str) -> bool:
    """Whether a cluster may be called `text`."""
    return NAMESPACE.fullmatch(text) is not None


def is_version_label(text: str) -> bool:
    """Whether `text` may label a version in a path."""
    return VERSION_LABEL.fullmatch(text) is not None and not DOTS.search(text) and text != "."


def is_upstream_name(text: object) -> bool:
    """Whether a cluster's name for a model is one we are willing to handle."""
    return isinstance(text, str) and UPSTREAM.fullmatch(text) is not None and not DOTS.search(text)


def is_upstream_version(text: object) -> bool:
    """Whether a cluster's name for a version is one we handle; empty where the model has none."""
    return text == "" or (is_upstream_name(text) and len(str(text)) <= LONGEST_UPSTREAM_VERSION)


def upstream_path(name: str, version: str) -> str:
    """Return the path of one model version on a cluster (Open Inference Protocol V2, section HTTP/REST)."""
    path = f"/v2/models/{quote(name, safe='')}"
    return f"{path}/versions/{quote(version, safe='')}" if version else path
