"""What the page of a change of people's rights is headed with, and how it names what is changed."""

from typing import Final

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
