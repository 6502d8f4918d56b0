"""States and words as people see them: a label, a tone, an icon. Colour is never the only sign."""

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """What a colour means, everywhere in the console."""

    GOOD = "good"
    BAD = "bad"
    WAIT = "wait"
    INFO = "info"
    CARE = "care"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Badge:
    """A short word with a tone."""

    label: str
    tone: Tone
    icon: str | None = None


_GOOD, _BAD, _WAIT, _PLAIN = "circle-check", "circle-x", "clock", "circle-dashed"

BADGES: dict[str, Badge] = {
    # changes and access requests
    "pending": Badge("Pending", Tone.WAIT, _WAIT),
    "approved": Badge("Approved", Tone.GOOD, _GOOD),
    "refused": Badge("Refused", Tone.BAD, _BAD),
    "withdrawn": Badge("Withdrawn", Tone.PLAIN, "ban"),
    "expired": Badge("Expired", Tone.PLAIN, _WAIT),
    "approve": Badge("Approve", Tone.GOOD, _GOOD),
    "refuse": Badge("Refuse", Tone.BAD, _BAD),
    # access to a route, and grants
    "none": Badge("No access", Tone.PLAIN, "lock"),
    "granted": Badge("Granted", Tone.GOOD, "lock-open"),
    "revoked": Badge("Revoked", Tone.BAD, "ban"),
    "ended": Badge("Ended", Tone.PLAIN, _WAIT),
    "owner_gone": Badge("Owner disabled", Tone.BAD, "ban"),
    "scheduled": Badge("Not yet", Tone.WAIT, _WAIT),
    # rounds of access review, and their items
    "running": Badge("Running", Tone.WAIT, _WAIT),
    "overdue": Badge("Overdue", Tone.BAD, "alert-triangle"),
    "complete": Badge("All answered", Tone.GOOD, _GOOD),
    "lapsed": Badge("Ended by silence", Tone.CARE, "alert-triangle"),
    "kept": Badge("Kept", Tone.PLAIN, _PLAIN),
    "removed": Badge("Removed", Tone.PLAIN, "ban"),
    # engines, and how far an activation has come
    "staged": Badge("Staged", Tone.WAIT, _WAIT),
    "reports_it": Badge("Reports it", Tone.GOOD, _GOOD),
    "expected": Badge("Expected", Tone.WAIT, _WAIT),
    # people, routes, clusters, deployments
    "active": Badge("Active", Tone.GOOD, _GOOD),
    "disabled": Badge("Disabled", Tone.BAD, "ban"),
    "stopped": Badge("Stopped", Tone.BAD, "player-pause"),
    "draft": Badge("Draft", Tone.PLAIN, _PLAIN),
    "ready": Badge("Ready", Tone.GOOD, _GOOD),
    "gone": Badge("No longer served", Tone.PLAIN, "ban"),
    "new": Badge("Not asked yet", Tone.PLAIN, _PLAIN),
    "differs": Badge("Differs", Tone.BAD, "alert-triangle"),
    "unavailable": Badge("Unavailable", Tone.BAD, "plug"),
    # break glass
    "open": Badge("Open", Tone.BAD, "alert-triangle"),
    "unreviewed": Badge("Waits for review", Tone.WAIT, _WAIT),
    "reviewed": Badge("Reviewed", Tone.GOOD, _GOOD),
    # followers of the log
    "shipping": Badge("Keeps up", Tone.GOOD, _GOOD),
    "blocked": Badge("Blocked", Tone.BAD, "player-pause"),
    "waiting": Badge("Not started", Tone.PLAIN, _WAIT),
    "off": Badge("Not configured", Tone.PLAIN, "ban"),
    "alarm": Badge("Alarm", Tone.BAD, "alert-triangle"),
    # outcomes in the log
    "success": Badge("Success", Tone.GOOD, _GOOD),
    "denied": Badge("Denied", Tone.BAD, "ban"),
    "failure": Badge("Failure", Tone.BAD, _BAD),
    "unknown": Badge("Unknown", Tone.CARE, "help"),
    # visibility, tier, data class
    "hidden": Badge("Hidden", Tone.PLAIN, "eye-off"),
    "listed": Badge("Listed", Tone.INFO, "eye"),
    "shared": Badge("Shared", Tone.INFO, "users"),
    "low": Badge("Low", Tone.PLAIN),
    "medium": Badge("Medium", Tone.WAIT),
    "high": Badge("High", Tone.CARE),
    "public": Badge("Public", Tone.PLAIN),
    "internal": Badge("Internal", Tone.PLAIN),
    "confidential": Badge("Confidential", Tone.WAIT),
    "personal": Badge("Personal", Tone.CARE),
    "special": Badge("Special", Tone.BAD),
}


def badge_of(state: str) -> Badge:
    """Return how ``state`` is shown; a word this table does not know is shown plainly, as it is."""
    return BADGES.get(state) or Badge(state.replace("_", " ").capitalize(), Tone.PLAIN)
