"""A draft of the policies: begun from what decides, changed and checked, replayed, and proposed."""

import json
import re
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession
from uuid_utils.compat import uuid7

from audit.event import Part
from audit.events import Action
from console.catalog.facts import nothing_here
from console.changes.asking import authorize_asking, propose
from console.changes.forms import ChangeCreated
from console.changes.kinds import Subject
from console.clock import DAY, to_text
from console.errors import ConflictError, InvalidInputError
from console.policies.activating import ACTIVE_ID
from console.policies.active import read_active
from console.policies.bundles import find_revision, keep_bundle
from console.policies.checking import LONGEST, MOST_FILES, PATH, Report, bundle_of, check_files
from console.policies.flips import ALLOWED, REFUSED
from console.policies.proposing import signed, text_of
from console.policies.replaying import count_flips, drop_replay, span_of
from console.questions import Resource
from console.work import UnitOfWork
from policy.bundles import is_test, read_bundle
from policy.canonical import canonical
from policy.models import ChangeKind, PolicyDraft, PolicyReplay
from policy.permissions import Permission

UNSOUND: Final = "The draft has problems, or tests that fail; mend them first."
UNREPLAYED: Final = "Replay the draft first: the vote is about what would have come out differently."
NOTHING_BEFORE: Final = "No revision decided before this one."
RUNNING: Final = "The replay is not done yet; the vote is about what it finds."
MEANWHILE: Final = "The draft was changed meanwhile; replay it again."


async def start_draft(work: UnitOfWork, files: Mapping[str, str] | None = None) -> PolicyDraft:
    """Begin a draft with these files, or with those that decide now and the product's tests, and check it.

    Raises:
        RefusedError: the caller does not write policies.
        InvalidInputError: a file has no name that policies have, or there is too much.
    """
    await work.authorize(Permission.POLICY_DRAFT, Resource("policy"))
    async with work.read() as session:
        base = (await read_active(session, work.services.policies.shipped)).revision
        chosen = dict(files) if files is not None else await _active_files(work, session, base)
    _require_names(chosen)
    now = work.now
    draft = PolicyDraft(
        id=uuid7(), author_id=work.principal.id, base=base, files="", created=now, updated=now
    )
    return await _keep(work, draft, chosen)


async def change_draft(work: UnitOfWork, draft_id: UUID, path: str, text: str) -> PolicyDraft:
    """Give one file of a draft another text (none takes it out), and check the whole again.

    Raises:
        RefusedError: the caller does not write policies.
        NotFoundError: no such draft.
        ConflictError: it was proposed already.
        InvalidInputError: the file has no name that policies have.
    """
    draft = await find_draft(work, draft_id)
    _require_open(draft)
    lines = text.replace("\r\n", "\n").strip("\n")  # browsers send the line ends of another system
    files = files_of(draft) | {path: f"{lines}\n" if lines else ""}
    files = {name: content for name, content in files.items() if content}
    _require_names(files)
    return await _keep(work, draft, files)


async def find_draft(
    work: UnitOfWork, draft_id: UUID, permission: Permission = Permission.POLICY_DRAFT
) -> PolicyDraft:
    """Return a draft, to somebody who writes policies or, as `permission` says, reads them.

    Raises:
        RefusedError: the caller does not.
        NotFoundError: no such draft.
    """
    await work.authorize(permission, Resource("policy"))
    async with work.read() as session:
        found = await session.get(PolicyDraft, draft_id)
    if found is None:
        raise nothing_here()
    return found


async def replay_draft(work: UnitOfWork, draft_id: UUID, days: int) -> PolicyDraft:
    """Ask that the last days' decisions are taken again under a draft; the worker does it, beside others.

    That they are read is recorded now, what was found when it is done. One that ran is begun anew.

    Raises:
        RefusedError, NotFoundError: as `find_draft`.
        ConflictError: the draft is not sound, or was changed meanwhile.
    """
    draft = await find_draft(work, draft_id)
    _require_open(draft)
    _require_sound(draft)
    now = work.now
    since = now - days * DAY
    first, last = await span_of(work.services, since)
    told = {"revision": bundle_of(files_of(draft)).revision, "since": to_text(since)}
    async with work.write() as session:
        fresh = await session.get_one(PolicyDraft, draft.id, with_for_update=True)
        if (fresh.files, fresh.proposed) != (draft.files, None):
            raise ConflictError(MEANWHILE, ("overtaken",))
        await drop_replay(session, draft.id)
        session.add(
            PolicyReplay(draft_id=draft.id, asked=now, since=since, first=first, last=last, position=first)
        )
        await work.record(
            Action.POLICY_REPLAY,
            resource=Resource("policy", draft.id),
            parts=[Part(name="replay", subject=None, content=told)],
        )
    return fresh


async def propose_draft(work: UnitOfWork, draft_id: UUID, reason: str) -> ChangeCreated:
    """Ask that a draft decides; somebody else has to agree, as the policy that decides now says.

    Raises:
        RefusedError, NotFoundError: as `find_draft`; or the caller may not ask for it.
        ConflictError: the draft is not sound or not replayed, or another revision decides by now.
    """
    draft = await find_draft(work, draft_id)
    await authorize_asking(work, ChangeKind.POLICY)
    _require_sound(draft)
    async with work.read() as session:
        replay = _require_done(await session.get(PolicyReplay, draft.id))
        flips = await count_flips(session, draft.id)
    bundle = bundle_of(files_of(draft))
    counted = {
        "draft": str(draft.id),
        "authors": sorted(str(one) for one in authors_of(draft)),
        "since": to_text(replay.since),
        "decisions": replay.decisions,
        "flips": replay.flipped,
        "newly_allowed": flips.get(ALLOWED, 0),
        "newly_refused": flips.get(REFUSED, 0),
        "undecided": replay.undecided,
    }
    await _keep_revision(work, draft, bundle.files, replay)
    content = {**signed(bundle, replay.digest), "base": draft.base, **counted}
    return await propose(work, ChangeKind.POLICY, Subject("policy", ACTIVE_ID, content), reason)


async def propose_rollback(work: UnitOfWork, reason: str) -> ChangeCreated:
    """Ask that the revision that decided before decides again; that takes an approval of its own.

    Raises:
        RefusedError: the caller may not ask for it.
        ConflictError: nothing decided before.
    """
    await authorize_asking(work, ChangeKind.POLICY)
    async with work.read() as session:
        shipped = work.services.policies.shipped
        active = await read_active(session, shipped)
        bundle = await find_revision(session, active.previous, shipped) if active.previous else None
    if bundle is None:
        raise ConflictError(NOTHING_BEFORE, ("nothing_before",))
    content = {**signed(bundle, None), "base": active.revision}
    return await propose(work, ChangeKind.POLICY, Subject("policy", ACTIVE_ID, content), reason)


def files_of(draft: PolicyDraft) -> dict[str, str]:
    """Return a draft's files, tests included."""
    found: dict[str, str] = json.loads(draft.files)
    return found


def authors_of(draft: PolicyDraft) -> frozenset[UUID]:
    """Return everybody who wrote on a draft: whoever began it, and whoever changed a file of it."""
    return frozenset({draft.author_id, *(UUID(one) for one in json.loads(draft.authors))})


def report_of(draft: PolicyDraft) -> Report:
    """Return what checking it found."""
    return Report.read(json.loads(draft.report)) if draft.report else Report((), 0, ())


async def _active_files(work: UnitOfWork, session: AsyncSession, revision: str) -> dict[str, str]:
    bundle = await find_revision(session, revision, work.services.policies.shipped)
    files = read_bundle(with_tests=True).files
    tests = {name: text for name, text in files.items() if is_test(name)}
    return tests | dict(bundle.files if bundle else {})


async def _keep(work: UnitOfWork, draft: PolicyDraft, files: Mapping[str, str]) -> PolicyDraft:
    report = await check_files(files, work.services.settings.policy.opa_program)
    draft.files, draft.updated = canonical(files).decode(), work.now
    draft.report = text_of(report.document())
    draft.authors = text_of(sorted(str(one) for one in authors_of(draft) | {work.principal.id}))
    told = {
        "revision": bundle_of(files).revision,
        "base": draft.base,
        "problems": len(report.problems),
        "failed": len(report.failed),
    }
    async with work.write() as session:
        kept = await session.merge(draft)
        await drop_replay(session, draft.id)
        await work.record(
            Action.POLICY_DRAFT,
            resource=Resource("policy", draft.id),
            parts=[Part(name="draft", subject=None, content=told)],
        )
    return kept


async def _keep_revision(
    work: UnitOfWork, draft: PolicyDraft, files: Mapping[str, str], replay: PolicyReplay
) -> None:
    async with work.write() as session:
        revision = await keep_bundle(session, files, work.now)
        fresh = await session.get_one(PolicyDraft, draft.id, with_for_update=True)
        found = await session.get(PolicyReplay, draft.id)
        if fresh.files != draft.files or found is None or found.digest != replay.digest:
            raise ConflictError(MEANWHILE, ("overtaken",))
        fresh.proposed = work.now
        session.add(fresh)
        told = {"revision": revision, "base": draft.base, "problems": 0, "failed": 0}
        await work.record(
            Action.POLICY_DRAFT,
            resource=Resource("policy", draft.id),
            parts=[Part(name="draft", subject=None, content=told)],
        )


def _require_open(draft: PolicyDraft) -> None:
    if draft.proposed is not None:
        raise ConflictError("This draft was proposed; begin another one.", ("already_proposed",))


def _require_done(replay: PolicyReplay | None) -> PolicyReplay:
    if replay is None or replay.trouble is not None:
        raise ConflictError(UNREPLAYED, ("not_replayed",))
    if replay.digest is None:
        raise ConflictError(RUNNING, ("replay_running",))
    return replay


def _require_sound(draft: PolicyDraft) -> None:
    if not report_of(draft).sound:
        raise ConflictError(UNSOUND, ("unsound",))


def _require_names(files: Mapping[str, str]) -> None:
    wrong = [name for name in files if not re.fullmatch(PATH, name)]
    if wrong or len(files) > MOST_FILES or sum(map(len, files.values())) > LONGEST:
        sentence = (
            "Files are called like guildhall/authz/decision.rego, or data.json; half a megabyte in all."
        )
        raise InvalidInputError("These files cannot be a policy.", ("invalid_files",), {"files": sentence})
