"""Every act the log knows, one frozen declaration each; docs/reference/events.md is written from them.

An act is declared with its sentence for people, its retention class, the details it may carry and its names
in ECS 9 and OCSF 1.8. What is not declared is refused before it is sealed (audit.details): a new detail is
one line here: ``Field("name")`` in the act's part, with ``personal=True`` where it tells of a person.
A new act is a name in ``action`` and an ``EventType`` in the file it belongs to.

ECS categories and types are the allowed values of https://www.elastic.co/docs/reference/ecs; the classes of
OCSF are those of https://schema.ocsf.io/1.8.0.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from audit.events.access import ACCESS
from audit.events.action import Action
from audit.events.campaigns import CAMPAIGNS
from audit.events.changes import CHANGES
from audit.events.declared import EventType, Retention
from audit.events.deputies import DEPUTIES
from audit.events.directory import DIRECTORY
from audit.events.emergency import BREAK_GLASS
from audit.events.installation import INSTALLATION
from audit.events.keys import KEYS
from audit.events.log import LOG, READS_OF_THE_LOG
from audit.events.models import CLUSTERS, MODELS
from audit.events.people import PEOPLE
from audit.events.scim import SCIM
from audit.events.sessions import SESSIONS
from audit.events.sinks import SINKS
from audit.events.workloads import WORKLOADS

__all__ = ["EVENT_TYPES", "Action", "EventType", "Retention"]

_GROUPS: Final = (
    ACCESS,
    BREAK_GLASS,
    CAMPAIGNS,
    CHANGES,
    CLUSTERS,
    DEPUTIES,
    DIRECTORY,
    INSTALLATION,
    KEYS,
    LOG,
    MODELS,
    PEOPLE,
    READS_OF_THE_LOG,
    SCIM,
    SESSIONS,
    SINKS,
    WORKLOADS,
)
_TYPES: Final = {kind.action: kind for group in _GROUPS for kind in group}
EVENT_TYPES: Final[Mapping[Action, EventType]] = MappingProxyType({name: _TYPES[name] for name in Action})
