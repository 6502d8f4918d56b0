"""The pages on which changes of what is kept are asked for, one for each kind, and holds are made."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from audit.custody.retention import CLASSES, DEFAULT_DAYS, FLOOR_DAYS
from console.changes.asking import authorize_asking
from console.changes.forms import ChangeCreated
from console.custody.disclosing import ask_disclosure
from console.custody.erasing import ask_erasure
from console.custody.forms import (
    DisclosureAsk,
    ErasureAsk,
    HoldCreate,
    HoldReleaseAsk,
    LogKeyAsk,
    PruneAsk,
    RetentionAsk,
)
from console.custody.holding import ask_release, create_hold
from console.custody.log_keys import ask_log_key
from console.custody.retention import MEANINGS, ask_prune, ask_retention
from console.errors import NotFoundError
from console.questions import Resource
from console.web.forms import Form, read_form
from console.web.submitted import submit
from console.work import UnitOfWork
from policy.models import ChangeKind
from policy.permissions import Permission


@dataclass(frozen=True, slots=True)
class Asking:
    """One kind as its page asks for it."""

    kind: ChangeKind
    title: str
    note: str
    submit: str
    form: type[BaseModel]
    act: Callable[[UnitOfWork, Any], Awaitable[ChangeCreated]]


ASKINGS: Final[Mapping[str, Asking]] = {
    "retention": Asking(
        ChangeKind.RETENTION,
        "Change a retention",
        "The details of a class are removed once a day when they are older than this. Heads, proofs and "
        "receipts stay for ever.",
        "Ask for it",
        RetentionAsk,
        ask_retention,
    ),
    "removal": Asking(
        ChangeKind.PRUNE,
        "Remove details early",
        f"Once, and earlier than the retention says; never what is younger than {FLOOR_DAYS} days, and "
        "never what is held.",
        "Ask for it",
        PruneAsk,
        ask_prune,
    ),
    "erasure": Asking(
        ChangeKind.ERASURE,
        "Erase a person",
        "Name, addresses, identities and rights go for good, and the details of their acts become "
        "unreadable. Proofs stay valid. A legal hold wins.",
        "Ask for it",
        ErasureAsk,
        ask_erasure,
    ),
    "disclosure": Asking(
        ChangeKind.SINK,
        "Change what a follower is told",
        "Followers are told pseudonyms. One may be told details in clear: addresses, programs, names where "
        "an act is about a person, reasons, routes. Elasticsearch forgets them with their person; others "
        "cannot.",
        "Ask for it",
        DisclosureAsk,
        ask_disclosure,
    ),
    "log": Asking(
        ChangeKind.LOG_KEY,
        "Change the log's key, or end the log",
        "What is approved is then done on the worker's host, within seven days, by whoever has access there.",
        "Ask for it",
        LogKeyAsk,
        ask_log_key,
    ),
    "release": Asking(
        ChangeKind.HOLD_RELEASE,
        "Release a hold",
        "What it covered falls under its retention again.",
        "Ask for its release",
        HoldReleaseAsk,
        ask_release,
    ),
}


@dataclass(frozen=True, slots=True)
class AskPage:
    """What the page of one kind shows."""

    what: str
    asking: Asking
    form: Form[Any]
    classes: Sequence[tuple[str, str]]
    floor: int
    defaults: Mapping[str, int]


def open_asking(what: str, form: Form[Any] | None = None) -> AskPage:
    """Return the page of one kind.

    Raises:
        NotFoundError: there is no such kind.
    """
    if what not in ASKINGS:
        raise NotFoundError("There is nothing here by that name.", ("not_found",))
    classes = [(name, f"{name.capitalize()}: {MEANINGS[name]}") for name in CLASSES]
    return AskPage(what, ASKINGS[what], form or Form(), classes, FLOOR_DAYS, DEFAULT_DAYS)


async def begin_asking(work: UnitOfWork, what: str, hold: str) -> AskPage:
    """Return the page of one kind to who may ask for it.

    Raises:
        NotFoundError: there is no such kind.
        RefusedError: the caller may not ask for it.
    """
    opened = open_asking(what, Form({"hold": hold}))
    await authorize_asking(work, opened.asking.kind)
    return opened


async def begin_hold(work: UnitOfWork) -> Mapping[str, object]:
    """Return an empty form to who may make a hold.

    Raises:
        RefusedError: the caller may not.
    """
    await work.authorize(Permission.HOLD_CREATE, Resource("hold"))
    return {"form": Form[HoldCreate]()}


async def send_asking(
    work: UnitOfWork, what: str, typed: Mapping[str, str]
) -> tuple[Form[Any], ChangeCreated | None]:
    """Ask with what was typed."""
    asking = open_asking(what).asking
    return await submit(read_form(asking.form, _filled(typed)), lambda data: asking.act(work, data))


async def send_hold(work: UnitOfWork, typed: Mapping[str, str]) -> tuple[Form[HoldCreate], object]:
    """Make a hold of what was typed."""
    return await submit(read_form(HoldCreate, _filled(typed)), lambda data: create_hold(work, data))


def _filled(typed: Mapping[str, str]) -> dict[str, str]:
    # An empty field of a form is a condition that was not given.
    return {name: text.strip() for name, text in typed.items() if text.strip()}
