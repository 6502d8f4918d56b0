"""The forms of the pages of keys: what a key is for is chosen in words, not in permissions."""

from collections.abc import Mapping
from typing import Annotated, Final
from uuid import UUID

from pydantic import BeforeValidator, Field

from console.catalog.forms import Form
from console.keys.forms import KeyCreate, Label

USES: Final[Mapping[str, tuple[str, str, tuple[str, ...]]]] = {
    "call": (
        "Call models",
        "Every model its owner may call, or only those named below.",
        ("model.describe", "model.invoke", "model.read"),
    ),
    "publish": ("Publish models", "For teams you own.", ("cluster.read", "model.publish", "model.read")),
    "audit": ("Read the log", "As far as you may read it.", ("audit.export", "audit.read", "log.read")),
    "watch": (
        "Watch the platform",
        "Health, clusters, followers.",
        ("cluster.read", "health.read", "sink.read"),
    ),
}
WORDS: Final[Mapping[str, str]] = {
    "audit.export": "export the log",
    "audit.read": "read the log",
    "cluster.read": "see clusters",
    "cluster.sync": "ask clusters what they serve",
    "grant.read": "see grants",
    "health.read": "see whether services answer",
    "log.read": "read the log's proofs",
    "model.describe": "see what a model takes",
    "model.invoke": "call models",
    "model.publish": "publish models",
    "model.read": "find models",
    "route.stop": "stop models",
    "self.read": "see its own rights",
    "sink.read": "see followers of the log",
}


def _whole(text: object) -> object:
    return int(text) if isinstance(text, str) and text.strip().isdecimal() else text


class KeyForm(Form):
    """A key as somebody asks for it on a page; `routes` are names with spaces or lines between them."""

    name: Label
    use: Annotated[str, Field(min_length=1, max_length=20)] = "call"
    routes: Annotated[str, Field(max_length=5000)] = ""
    days: Annotated[int, BeforeValidator(_whole), Field(ge=1, le=365)] = 90

    def asked(self, service: UUID | None = None) -> KeyCreate:
        """Return what the API takes.

        Raises:
            ValidationError: a route's name is none.
        """
        scopes = USES.get(self.use, USES["call"])[2]
        return KeyCreate(
            name=self.name,
            scopes=list(scopes),
            routes=self.routes.split() or None,
            days=self.days,
            service=service,
        )


class RotateForm(Form):
    """How many hours the secret of before counts too."""

    grace_hours: Annotated[int, BeforeValidator(_whole), Field(ge=0, le=168)] = 24


def in_words(scopes: list[str]) -> str:
    """Return what a key may do, as people say it."""
    return ", ".join(WORDS.get(scope, scope) for scope in scopes)
