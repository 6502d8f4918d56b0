"""What an act is declared with: details, retention, and its names in ECS and OCSF."""

from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Final, Literal

from audit.events.action import Action

Retention = Literal["admin", "auth", "invoke", "audit"]


class Kind(Enum):
    """What a detail may hold; the value is what people read. Everything fits audit.canonical."""

    TEXT = "text"
    NUMBER = "integer"
    FLAG = "true or false"
    TEXTS = "list of texts"
    LIST = "list"
    DOCUMENT = "object"


@dataclass(frozen=True, slots=True)
class Field:
    """One detail.

    Attributes:
        null: may be null.
        personal: says something of a person, or is free text: it lies in a part with a subject, whose key
            can be destroyed.
        ecs: where a disclosed copy has it in the Elastic Common Schema; documents of heads never do.
    """

    name: str
    kind: Kind = Kind.TEXT
    null: bool = False
    personal: bool = False
    ecs: str | None = None


@dataclass(frozen=True, slots=True)
class Details:
    """The fields of one part. An act may carry each of its parts, and each field of them, or leave it out."""

    name: str
    fields: tuple[Field, ...]


class Severity(IntEnum):
    """OCSF ``severity_id`` (https://schema.ocsf.io/1.8.0/dictionary)."""

    INFORMATIONAL = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CRITICAL = 5


class OcsfClass(IntEnum):
    """The classes of OCSF 1.8.0 in use, by ``class_uid``; the thousands are the category."""

    DETECTION_FINDING = 2004
    ACCOUNT_CHANGE = 3001
    AUTHENTICATION = 3002
    ENTITY_MANAGEMENT = 3004
    APPLICATION_LIFECYCLE = 6002
    API_ACTIVITY = 6003
    DATASTORE_ACTIVITY = 6005


OTHER: Final = 99
"""OCSF's ``activity_id`` for what a class has no word for; ``activity`` then says it."""


@dataclass(frozen=True, slots=True)
class Ocsf:
    """An act's class and activity in OCSF 1.8.0; ``activity`` is the caption the schema gives it."""

    class_uid: OcsfClass
    activity_id: int
    activity: str

    @property
    def type_uid(self) -> int:
        """The class and the activity in one number, as the schema computes it."""
        return self.class_uid * 100 + self.activity_id

    @property
    def category_uid(self) -> int:
        """The category of the class."""
        return self.class_uid // 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """What is true of every event of one act.

    Attributes:
        sentence: for people; may name ``{actor}`` and ``{resource}``.
        retention: how long the details are kept, by class; the head is kept for ever.
        parts: the details it may carry; what is not declared is refused before it is sealed.
        category: ``event.category`` of ECS.
        type: ``event.type`` of ECS.
    """

    action: Action
    sentence: str
    retention: Retention
    category: tuple[str, ...]
    type: tuple[str, ...]
    ocsf: Ocsf
    severity: Severity = Severity.INFORMATIONAL
    parts: tuple[Details, ...] = field(default=())
