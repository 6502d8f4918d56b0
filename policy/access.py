"""An access request: its bounds, and the content that reviewers are shown and sign."""

from dataclasses import dataclass
from typing import Final

from policy.decision import Document
from policy.errors import InvalidRequestError

PURPOSE_CHARACTERS: Final = (3, 500)
DURATION_DAYS: Final = (1, 365)
MOST_MONTHLY_CALLS: Final = 10**12


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """Everything a reviewer of an access request is shown. People and routes by id and by name.

    Attributes:
        route: name of the route, ``route_id`` its id as text.
        team: the team that would receive the grant.
        service: of its service accounts the one that would receive it instead, by handle, ``service_id`` its
            id as text; None for the whole team.
        person_id: of its members the one who would receive it instead, by id; None for the whole team.
        owner_team: the team that owns the model.
        duration_days: how long the grant lasts, counted from its approval.
        monthly_calls: how many calls a month are meant, or None where nobody said; ten times as many make the
            approval stale.
        renews: the grant, by its id as text, that this one is to follow.
        card_hash: SHA-256 (hex) of the canonical model card the page shows, or None without one.
    """

    requester_id: str
    route: str
    route_id: str
    team: str
    owner_team: str
    visibility: str
    tier: str
    data_class: str
    purpose: str
    duration_days: int
    card_hash: str | None = None
    service: str | None = None
    service_id: str | None = None
    person_id: str | None = None
    monthly_calls: int | None = None
    renews: str | None = None

    def __post_init__(self) -> None:
        """Refuse what is out of bounds.

        Raises:
            InvalidRequestError: purpose or duration is.
        """
        require_length("purpose", self.purpose, PURPOSE_CHARACTERS)
        low, high = DURATION_DAYS
        if self.monthly_calls is not None and not 1 <= self.monthly_calls <= MOST_MONTHLY_CALLS:
            raise InvalidRequestError(f"monthly_calls is a whole number from 1 to {MOST_MONTHLY_CALLS}.")
        if isinstance(self.duration_days, bool) or not low <= self.duration_days <= high:
            raise InvalidRequestError(f"duration_days is a whole number from {low} to {high}.")

    def content(self) -> Document:
        """Return the content of the change; ``policy.canonical.content_hash`` gives what is signed."""
        service = {"service": {"id": self.service_id, "name": self.service}} if self.service else {}
        person = {"person": {"id": self.person_id}} if self.person_id else {}
        calls = {} if self.monthly_calls is None else {"monthly_calls": self.monthly_calls}
        renews = {} if self.renews is None else {"renews": self.renews}
        return {
            "kind": "access",
            "requester": self.requester_id,
            "route": {"id": self.route_id, "name": self.route, "team": self.owner_team},
            "team": self.team,
            **service,
            **person,
            "permission": "model.invoke",
            "visibility": self.visibility,
            "tier": self.tier,
            "data_class": self.data_class,
            "purpose": self.purpose,
            "duration_days": self.duration_days,
            "card_hash": self.card_hash,
            **calls,
            **renews,
        }


def require_length(name: str, text: str, bounds: tuple[int, int]) -> None:
    """Refuse free text outside its bounds, counted without surrounding white space.

    Raises:
        InvalidRequestError: the message names the field and its bounds.
    """
    low, high = bounds
    if not low <= len(text.strip()) or len(text) > high:
        raise InvalidRequestError(f"{name} has {low} to {high} characters.")
