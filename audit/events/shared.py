"""Parts that several acts carry, and the names OCSF has for what they do."""

from typing import Final

from audit.events.declared import OTHER, Details, Field, Kind, Ocsf, OcsfClass

NUMBER, FLAG, TEXTS = Kind.NUMBER, Kind.FLAG, Kind.TEXTS
LIST, DOCUMENT = Kind.LIST, Kind.DOCUMENT

ACTOR: Final = Details(
    "actor",
    (
        Field("interface"),
        Field("address", null=True, personal=True, ecs="source.ip"),
        Field("user_agent", null=True, personal=True, ecs="user_agent.original"),
        Field("method"),
        Field("issuer"),
        Field("acr", null=True),
        Field("auth_time", NUMBER, null=True),
        Field("key"),
    ),
)
DECISION: Final = Details(
    "decision",
    (Field("input", DOCUMENT, personal=True), Field("result", DOCUMENT), Field("engine")),
)
CHANGE: Final = Details("change", (Field("rows", LIST),))
"""What changed in the rows that decisions read: each with kind, id, and only the fields that differ."""

BY_PRINCIPAL: Final = (ACTOR, DECISION)
"""What every act of a principal carries: from where it came, and the decision that let it."""

ACT: Final = (CHANGE, *BY_PRINCIPAL)
"""The same, for what may change rows."""

REASON: Final = Details("reason", (Field("reason", personal=True, ecs="message"),))
"""Why somebody did it, in their own words: free text, under their own key."""


def _entity(activity_id: int, activity: str) -> Ocsf:
    return Ocsf(OcsfClass.ENTITY_MANAGEMENT, activity_id, activity)


def finding() -> Ocsf:
    """Return the class of what the product has found out by itself and somebody must look at."""
    return Ocsf(OcsfClass.DETECTION_FINDING, 1, "Create")


def account(activity: str) -> Ocsf:
    """Return the class of a change to a person's rights or data that OCSF has no activity for."""
    return Ocsf(OcsfClass.ACCOUNT_CHANGE, OTHER, activity)


def running(activity: str) -> Ocsf:
    """Return the class of something the product does by itself while it runs."""
    return Ocsf(OcsfClass.APPLICATION_LIFECYCLE, OTHER, activity)


CREATES: Final = _entity(1, "Create")
READS: Final = _entity(2, "Read")
UPDATES: Final = _entity(3, "Update")
DELETES: Final = _entity(4, "Delete")
DISABLES: Final = _entity(9, "Disable")
ACTIVATES: Final = _entity(10, "Activate")
DEACTIVATES: Final = _entity(11, "Deactivate")
TESTS: Final = _entity(OTHER, "Test")
INVOKES: Final = Ocsf(OcsfClass.API_ACTIVITY, OTHER, "Invoke")
DESCRIBES: Final = Ocsf(OcsfClass.API_ACTIVITY, 2, "Read")
LOGS_ON: Final = Ocsf(OcsfClass.AUTHENTICATION, 1, "Logon")
LOGS_OFF: Final = Ocsf(OcsfClass.AUTHENTICATION, 2, "Logoff")
STARTS: Final = Ocsf(OcsfClass.APPLICATION_LIFECYCLE, 3, "Start")
STOPS: Final = Ocsf(OcsfClass.APPLICATION_LIFECYCLE, 4, "Stop")
READS_LOG: Final = Ocsf(OcsfClass.DATASTORE_ACTIVITY, 1, "Read")
QUERIES_LOG: Final = Ocsf(OcsfClass.DATASTORE_ACTIVITY, 4, "Query")
PRUNES_LOG: Final = Ocsf(OcsfClass.DATASTORE_ACTIVITY, 7, "Delete")
