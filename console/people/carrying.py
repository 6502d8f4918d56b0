"""What the page of a change of people's rights is headed with; how it is carried is every area's."""

from typing import Final

from console.changes.carrying import Because, Carried, Do, do_or_ask, executing

__all__ = ["ANSWER_HINT", "AREA", "LABELS", "Because", "Carried", "Do", "do_or_ask", "executing"]

AREA: Final = ("People", "/people")
LABELS: Final = (
    ("act", "What happens"),
    ("person", "Person"),
    ("team", "Team"),
    ("role", "Role"),
    ("scope", "Where it counts"),
    ("issuer", "Identity provider"),
    ("claim", "Claim"),
    ("matcher", "How it compares"),
    ("value", "Value"),
    ("rule", "Rule"),
)
ANSWER_HINT: Final = "For example: I know why they need it."
