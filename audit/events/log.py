"""The acts of the log itself, and of who reads it."""

from typing import Final

from audit.events.action import Action
from audit.events.declared import Details, EventType, Field, Severity
from audit.events.shared import (
    ACT,
    BY_PRINCIPAL,
    CREATES,
    DEACTIVATES,
    DELETES,
    FLAG,
    NUMBER,
    PRUNES_LOG,
    QUERIES_LOG,
    READS_LOG,
    REASON,
    STARTS,
    STOPS,
    TEXTS,
    UPDATES,
    finding,
    running,
)

RECONCILIATION: Final = Details(
    "reconciliation",
    (
        Field("sink"),
        Field("total_log", NUMBER),
        Field("total_sink", NUMBER),
        Field("extra", NUMBER),
        Field("exact", FLAG),
    ),
)

RANGE: Final = Details("range", (Field("first", NUMBER), Field("last", NUMBER), Field("shown", NUMBER)))
"""Which entries were exported, and how many of them were shown whole."""

SOURCE: Final = Details("source", (Field("network"),))
"""The network that refusals without a principal came from: whose address it was is not kept."""

COUNTS: Final = Details("counts", (Field("reasons", TEXTS),))
"""How many there were of each reason, as ``code:number``."""

QUERY: Final = Details(
    "query",
    (
        Field("q"),
        Field("order"),
        Field("entry"),
        Field("proof"),
    ),
)
"""What was asked, with ids in the place of names; or the one entry, or receipt, that was read."""

READS_OF_THE_LOG: Final = (
    EventType(
        action=Action.AUDIT_EXPORT,
        sentence="{actor} exported the log",
        retention="audit",
        category=("database",),
        type=("access",),
        ocsf=READS_LOG,
        parts=(RANGE, RECONCILIATION, *BY_PRINCIPAL),
    ),
    EventType(
        action=Action.AUDIT_READ,
        sentence="{actor} read the log",
        retention="audit",
        category=("database",),
        type=("access",),
        ocsf=QUERIES_LOG,
        parts=(QUERY, *BY_PRINCIPAL),
    ),
    EventType(
        action=Action.LOG_READ,
        sentence="{actor} read the log itself",
        retention="audit",
        category=("database",),
        type=("access",),
        ocsf=READS_LOG,
        parts=(Details("entries", (Field("first", NUMBER), Field("last", NUMBER))), *BY_PRINCIPAL),
    ),
)

LOG: Final = (
    EventType(
        action=Action.CENSUS_RECORD,
        sentence="The calls of a minute were counted",
        retention="audit",
        category=("process",),
        type=("info",),
        ocsf=running("Census"),
    ),
    EventType(
        action=Action.CLOCK_SKEW,
        sentence="A clock was found to be off",
        retention="audit",
        category=("host",),
        type=("info",),
        ocsf=finding(),
        severity=Severity.MEDIUM,
    ),
    EventType(
        action=Action.DENIAL_SUMMARY,
        sentence="Further refusals of the same kind were counted",
        retention="auth",
        category=("iam",),
        type=("info",),
        ocsf=finding(),
        severity=Severity.LOW,
        parts=(SOURCE, COUNTS),
    ),
    EventType(
        action=Action.LOG_CARRY,
        sentence="What an act of the former log said of rows was stated again",
        retention="audit",
        category=("configuration",),
        type=("info",),
        ocsf=CREATES,
    ),
    EventType(
        action=Action.LOG_FREEZE,
        sentence="The log ended; another one goes on",
        retention="audit",
        category=("configuration",),
        type=("change",),
        ocsf=DEACTIVATES,
        severity=Severity.HIGH,
    ),
    EventType(
        action=Action.LOG_GENESIS,
        sentence="The log began",
        retention="audit",
        category=("configuration",),
        type=("creation",),
        ocsf=CREATES,
    ),
    EventType(
        action=Action.LOG_PRUNE,
        sentence="Details past their retention were removed",
        retention="audit",
        category=("configuration",),
        type=("deletion",),
        ocsf=PRUNES_LOG,
    ),
    EventType(
        action=Action.LOG_ROTATE,
        sentence="The log changed its key",
        retention="audit",
        category=("configuration",),
        type=("change",),
        ocsf=UPDATES,
        severity=Severity.MEDIUM,
    ),
    EventType(
        action=Action.LOG_TAMPER,
        sentence="Stored entries are not as they were signed",
        retention="audit",
        category=("database",),
        type=("change",),
        ocsf=finding(),
        severity=Severity.CRITICAL,
    ),
    EventType(
        action=Action.PRODUCER_CLOSE,
        sentence="A writer of records ended",
        retention="audit",
        category=("process",),
        type=("end",),
        ocsf=STOPS,
    ),
    EventType(
        action=Action.PRODUCER_LOST,
        sentence="A writer of records was lost",
        retention="audit",
        category=("process",),
        type=("end",),
        ocsf=finding(),
        severity=Severity.HIGH,
    ),
    EventType(
        action=Action.PRODUCER_OPEN,
        sentence="A writer of records started",
        retention="audit",
        category=("process",),
        type=("start",),
        ocsf=STARTS,
    ),
    EventType(
        action=Action.STATE_SETTLE,
        sentence="{actor} ended {resource}, which no act explained",
        retention="admin",
        category=("iam",),
        type=("admin", "deletion"),
        ocsf=DELETES,
        severity=Severity.MEDIUM,
        parts=(REASON, *ACT),
    ),
    EventType(
        action=Action.STATE_UNEXPLAINED,
        sentence="{resource} is not what the log says it is",
        retention="audit",
        category=("database",),
        type=("change",),
        ocsf=finding(),
        severity=Severity.CRITICAL,
        parts=BY_PRINCIPAL,
    ),
    EventType(
        action=Action.WITNESS_REFUSE,
        sentence="A witness refused the log's checkpoint",
        retention="audit",
        category=("configuration",),
        type=("info",),
        ocsf=finding(),
        severity=Severity.CRITICAL,
    ),
)
