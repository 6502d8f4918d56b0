"""The policies' pages as data: what they show, and what became of a form that was sent."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from console.catalog.forms import Reason
from console.policies.bundles import find_revision
from console.policies.checking import bundle_of
from console.policies.covered import MarkedLine, mark
from console.policies.drafts import change_draft, files_of, propose_draft, propose_rollback, replay_draft
from console.policies.forms import (
    DraftItem,
    DraftRead,
    FileChange,
    FilesRead,
    FlipRead,
    PoliciesRead,
    ReplayAsk,
)
from console.policies.overview import list_drafts, list_flips, read_draft, read_policies, read_revision
from console.questions import Resource
from console.web.diffs import DiffLine, diff_text
from console.web.forms import Form, read_form
from console.web.listing import cursor
from console.web.pagination import next_href
from console.web.submitted import submit
from console.work import UnitOfWork
from policy.permissions import Permission

RUNNING: Final = frozenset({"running", "waiting"})
CONTEXT: Final = 3
"""Lines shown around each that changed."""
_HEAD: Final = re.compile(r"^(?:default\s+)?([a-z_]\w*)(\(.*?\))?\s*(contains\b|:=|if\b)")


@dataclass(frozen=True, slots=True)
class PoliciesPage:
    """What decides, the drafts, and the form that brings back what decided before."""

    policies: PoliciesRead
    drafts: Sequence[DraftItem]
    may_write: bool
    form: Form[Reason]


@dataclass(frozen=True, slots=True)
class Told:
    """A rule in words: the comment above it, beside the line it stands on."""

    line: int
    rule: str
    words: str


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a revision: its text, and what its comments say of its rules."""

    path: str
    text: str
    told: Sequence[Told]


@dataclass(frozen=True, slots=True)
class RevisionPage:
    """The text of one revision."""

    revision: str
    files: Sequence[SourceFile]


@dataclass(frozen=True, slots=True)
class DraftPage:
    """A draft with one file open, and how it differs from what it was begun from.

    `marked` are the lines of that file with what the tests run of it, empty where that was not measured.
    """

    draft: DraftRead
    paths: Sequence[str]
    path: str
    text: str
    marked: Sequence[MarkedLine]
    changed: Sequence[tuple[str, Sequence[DiffLine]]]
    may_write: bool
    running: bool
    flips: Sequence[FlipRead]
    more: str | None
    file_form: Form[FileChange]
    replay_form: Form[ReplayAsk]
    propose_form: Form[Reason]


async def open_policies(work: UnitOfWork, form: Form[Reason] | None = None) -> PoliciesPage:
    """Return the page of what decides."""
    may_write = await work.allowed(Permission.POLICY_DRAFT, Resource("policy"))
    return PoliciesPage(await read_policies(work), await list_drafts(work), may_write, form or Form())


async def open_revision(work: UnitOfWork, revision: str) -> RevisionPage:
    """Return the page of a revision's text."""
    found: FilesRead = await read_revision(work, revision)
    files = [SourceFile(path, text, tell(text)) for path, text in found.files.items()]
    return RevisionPage(found.revision, files)


async def open_draft(
    work: UnitOfWork,
    draft_id: UUID,
    path: str = "",
    after: str = "",
    *,
    file_form: Form[FileChange] | None = None,
    replay_form: Form[ReplayAsk] | None = None,
    propose_form: Form[Reason] | None = None,
) -> DraftPage:
    """Return the page of a draft, with one of its files open."""
    row, shown = await read_draft(work, draft_id)
    files = files_of(row)
    chosen = path if path in files else next(iter(sorted(files)), "")
    async with work.read() as session:
        base = await find_revision(session, row.base, work.services.policies.shipped)
    flips = await list_flips(work, draft_id, cursor(after, 1))
    return DraftPage(
        draft=shown,
        paths=sorted(files),
        path=chosen,
        text=files.get(chosen, ""),
        marked=_marked(shown, chosen, files.get(chosen, "")),
        changed=_differences(dict(base.files) if base else {}, files),
        running=shown.replay is not None and shown.replay.state in RUNNING,
        flips=flips.items,
        more=next_href(f"/policies/drafts/{draft_id}", (), flips),
        may_write=await work.allowed(Permission.POLICY_DRAFT, Resource("policy")) and not shown.proposed,
        file_form=file_form or Form(),
        replay_form=replay_form or Form(),
        propose_form=propose_form or Form(),
    )


async def send_file(
    work: UnitOfWork, draft_id: UUID, sent: Mapping[str, str]
) -> tuple[DraftPage | None, str]:
    """Save a file; return the page with its mistakes, or None and the path."""
    change = read_form(FileChange, sent)
    form, saved = await submit(change, lambda data: change_draft(work, draft_id, data.path, data.text))
    path = sent.get("path", "")
    return (None if saved else await open_draft(work, draft_id, path, file_form=form)), path


async def send_replay(work: UnitOfWork, draft_id: UUID, sent: Mapping[str, str]) -> DraftPage | None:
    """Ask for a replay; return the page with its mistakes, or None."""
    form, done = await submit(
        read_form(ReplayAsk, sent), lambda data: replay_draft(work, draft_id, data.days)
    )
    return None if done else await open_draft(work, draft_id, replay_form=form)


async def send_proposal(
    work: UnitOfWork, draft_id: UUID, sent: Mapping[str, str]
) -> tuple[DraftPage | None, UUID | None]:
    """Ask; return the page with its mistakes, or the change that waits."""
    form, created = await submit(
        read_form(Reason, sent), lambda data: propose_draft(work, draft_id, data.reason)
    )
    if created is None:
        return await open_draft(work, draft_id, propose_form=form), None
    return None, created.id


async def send_rollback(work: UnitOfWork, sent: Mapping[str, str]) -> tuple[PoliciesPage | None, UUID | None]:
    """Ask for what decided before; return the page with its mistakes, or the change that waits."""
    form, created = await submit(read_form(Reason, sent), lambda data: propose_rollback(work, data.reason))
    return (await open_policies(work, form), None) if created is None else (None, created.id)


def tell(text: str) -> list[Told]:
    """Return the rules of a file in plain words: the comment right above each, where there is one."""
    found, comment = list[Told](), list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        head = _HEAD.match(line)
        if line.startswith("#"):
            comment.append(line.lstrip("# ").strip())
        elif head and comment:
            found.append(Told(number, head.group(1), " ".join(comment)))
            comment = []
        elif line.startswith("package"):
            found.append(Told(number, line.strip(), " ".join(comment)))
            comment = []
        elif not line.strip():
            comment = []
    return [one for one in found if one.words]


def _marked(draft: DraftRead, path: str, text: str) -> Sequence[MarkedLine]:
    found = next((one for one in draft.coverage.files if one.path == path), None)
    return mark(text, found) if found else ()


def _differences(base: Mapping[str, str], files: Mapping[str, str]) -> list[tuple[str, Sequence[DiffLine]]]:
    kept = bundle_of(files).files
    names = sorted(base.keys() | kept.keys())
    return [
        (name, _near_changes(diff_text(base.get(name, ""), kept.get(name, ""))))
        for name in names
        if base.get(name, "") != kept.get(name, "")
    ]


def _near_changes(lines: Sequence[DiffLine]) -> list[DiffLine]:
    changed = {place for place, line in enumerate(lines) if line.kind != "same"}
    near = {place + step for place in changed for step in range(-CONTEXT, CONTEXT + 1)}
    return [line for place, line in enumerate(lines) if place in near]
