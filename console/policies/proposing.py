"""The kind of change that makes another revision decide; bound to its text, the engine and the replay.

The digest that is signed is SHA-256 over the files, the engine's version and the replay's report. Who must
answer is asked of the policy that decides now, never of the one that is proposed.
"""

import json
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from console.campaigns.rules import UNSAID, says_how
from console.changes.forms import Consequence
from console.changes.kinds import Content, KeptChange, Kind, Objection, register
from console.changes.shown import people_by_id
from console.policies.activating import activate
from console.policies.active import read_active
from console.policies.bundles import find_revision
from console.policies.gainers import policy_gainers
from console.policies.replaying import ENGINE
from console.services import Services
from console.work import Row, UnitOfWork
from policy.bundles import Bundle
from policy.canonical import content_hash
from policy.errors import BundleError
from policy.models import ChangeKind

OVERTAKEN: Final = "Another revision decides by now; replay the draft against it, and ask anew."
UNKEPT: Final = "The files of this revision are not kept as they were."
ALTERED: Final = "This is not what was checked and replayed."
SAME: Final = "This revision decides already."


def signed(bundle: Bundle, replay: str | None) -> dict[str, Any]:
    """Return what is signed of a revision beside kind and reason; `replay` is its report's digest."""
    bound = {"files": dict(bundle.files), "engine": ENGINE, "replay": replay}
    return {"revision": bundle.revision, "engine": ENGINE, "replay": replay, "digest": content_hash(bound)}


async def _check(services: Services, session: AsyncSession, content: Content) -> Objection | None:
    active = await read_active(session, services.policies.shipped)
    if active.revision == content["revision"]:
        return Objection("already_active", SAME)
    if active.revision != content["base"]:
        return Objection("overtaken", OVERTAKEN)
    try:
        bundle = await find_revision(session, content["revision"], services.policies.shipped)
    except BundleError:
        return Objection("altered", UNKEPT)
    if bundle is None:
        return Objection("unknown_revision", UNKEPT)
    if signed(bundle, content["replay"])["digest"] != content["digest"]:
        return Objection("altered", ALTERED)
    return None if says_how(bundle.files) else Objection("access_unreviewed", UNSAID)


async def _consequences(
    _services: Services, session: AsyncSession, content: Content
) -> Sequence[Consequence]:
    then = Consequence(label="From then on", text="Every decision follows this revision, in every process.")
    if content["replay"] is None:
        return [Consequence(label="Replay", text="None: what decided before is brought back."), then]
    people = await people_by_id(session, sorted(_authors(content)))
    wrote = Consequence(label="Written by", text=", ".join(one.shown for one in people.values()))
    since = content["since"][:10]
    text = (
        f"Of {content['decisions']:,} decisions since {since}, {content['flips']:,} would come "
        f"out differently: {content['newly_allowed']:,} allowed, {content['newly_refused']:,} refused anew."
    )
    return [wrote, Consequence(label="Replay", text=text), then]


def _authors(content: Content) -> frozenset[UUID]:
    """Return who wrote the draft, whoever proposes it; nobody of what is brought back."""
    return frozenset(UUID(one) for one in content.get("authors", ()))


async def _execute(work: UnitOfWork, _session: AsyncSession, found: KeptChange, _now: int) -> Sequence[Row]:
    await activate(work, found.content["revision"], change=found.change.id)
    return ()


def _tell(content: Content) -> str:
    act = "Bring back" if content["replay"] is None else "Activate"
    return f"{act} revision {content['revision'][:12]} of the policies"


LABELS: Final = (
    ("revision", "Revision"),
    ("base", "In the place of"),
    ("draft", "Draft"),
    ("authors", "Written by"),
    ("since", "Replayed since"),
    ("decisions", "Decisions replayed"),
    ("flips", "Come out differently"),
    ("newly_allowed", "Newly allowed"),
    ("newly_refused", "Newly refused"),
    ("undecided", "Left undecided"),
    ("engine", "Engine"),
    ("replay", "The replay's report, SHA-256"),
    ("digest", "Everything together, SHA-256"),
)
register(
    Kind(
        ChangeKind.POLICY,
        _tell,
        _check,
        _consequences,
        _execute,
        area=("Policies", "/policies"),
        labels=LABELS,
        answer_hint="For example: I have read the difference and every flip, and it may decide.",
        authors=_authors,
        gainers=policy_gainers,
        waits=True,
    )
)


def text_of(document: object) -> str:
    """Return JSON as a draft's row keeps it."""
    return json.dumps(document, sort_keys=True)
