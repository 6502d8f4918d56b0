"""The acts about the log's followers."""

from typing import Final

from audit.events.action import Action
from audit.events.declared import Details, EventType, Field, Severity
from audit.events.shared import (
    ACT,
    BY_PRINCIPAL,
    FLAG,
    LIST,
    NUMBER,
    READS,
    TESTS,
    UPDATES,
    finding,
    running,
)

TEST: Final = Details("test", (Field("name"), Field("ok", FLAG), Field("sentence")))

ENTRIES: Final = Details("entries", (Field("sink"), Field("count", NUMBER), Field("indexes", LIST)))
"""Which entries it is about: the first hundred by index, all of them by count."""

COMPARISON: Final = Details(
    "comparison",
    (
        Field("sink"),
        Field("total_log", NUMBER),
        Field("total_sink", NUMBER),
        Field("lacking", NUMBER),
        Field("missing", LIST),
        Field("extra", NUMBER),
    ),
)
"""Exact counts, and the first hundred of the missing ranges."""

DOCUMENTS: Final = Details(
    "documents",
    (
        Field("apart", NUMBER),
        Field("changed_count", NUMBER),
        Field("changed", LIST),
        Field("added", LIST),
    ),
)
"""What looking at every document found besides; the first hundred of each list."""

DISCLOSURE: Final = Details("disclosure", (Field("sink"), Field("details", FLAG)))
"""Whether a follower is told details in clear from now on, or pseudonyms alone."""

SINKS: Final = (
    EventType(
        action=Action.SINK_DISCLOSE,
        sentence="{actor} decided what {resource} is told",
        retention="admin",
        category=("configuration",),
        type=("change",),
        ocsf=UPDATES,
        severity=Severity.MEDIUM,
        parts=(DISCLOSURE, *ACT),
    ),
    EventType(
        action=Action.SINK_QUARANTINE,
        sentence="{resource} set an entry aside",
        retention="audit",
        category=("configuration",),
        type=("info",),
        ocsf=finding(),
        severity=Severity.MEDIUM,
        parts=(ENTRIES, *BY_PRINCIPAL),
    ),
    EventType(
        action=Action.SINK_READ,
        sentence="{actor} looked at the sinks",
        retention="admin",
        category=("configuration",),
        type=("access",),
        ocsf=READS,
        parts=BY_PRINCIPAL,
    ),
    EventType(
        action=Action.SINK_RECONCILE,
        sentence="{resource} was compared with the log",
        retention="audit",
        category=("database",),
        type=("info",),
        ocsf=running("Reconcile"),
        parts=(COMPARISON, DOCUMENTS, *BY_PRINCIPAL),
    ),
    EventType(
        action=Action.SINK_TAMPER,
        sentence="{resource} holds something else than the log",
        retention="audit",
        category=("database",),
        type=("change",),
        ocsf=finding(),
        severity=Severity.CRITICAL,
        parts=(ENTRIES, *BY_PRINCIPAL),
    ),
    EventType(
        action=Action.SINK_TEST,
        sentence="{actor} sent a test to {resource}",
        retention="admin",
        category=("configuration",),
        type=("info",),
        ocsf=TESTS,
        parts=(TEST, *BY_PRINCIPAL),
    ),
    EventType(
        action=Action.SINK_UPDATE,
        sentence="{actor} changed {resource}",
        retention="admin",
        category=("configuration",),
        type=("change",),
        ocsf=UPDATES,
        parts=ACT,
    ),
)
