"""One sync of everything: read, compare, guard, apply, record. The worker alone runs it, one at a time."""

from dataclasses import replace
from functools import partial
from typing import Final

from console.directory.applying import AT_ONCE
from console.directory.carrying import carry_out
from console.directory.comparing import compare, read_known, read_rules
from console.directory.ending import Ending, fail, finish
from console.directory.guarding import guard
from console.directory.keeping import directory_work, keep_run
from console.directory.looking import Meanwhile, ReadSome
from console.directory.told import read_told
from console.services import Services
from sso.directory_settings import DirectorySettings
from sso.errors import DirectoryError
from sso.keycloak.connection import RealmAdmin
from sso.keycloak.reading import read_everybody, read_some
from sso.models import DirectoryRun, RunState
from sso.syncing.plan import Plan, missing
from sso.syncing.snapshot import Snapshot

LEFT: Final = "Groups moved there meanwhile: {left} people were left, and everybody is read again."


async def run_full(
    services: Services,
    settings: DirectorySettings,
    admin: RealmAdmin,
    run: DirectoryRun,
    meanwhile: Meanwhile,
) -> DirectoryRun:
    """Carry `run` to its end, and record it; `meanwhile` looks at the events all the while.

    Raises:
        DirectoryError: the directory cannot be read; recorded as failed.
        ConsoleError: a database does not answer, or a record could not be made.
    """
    work = directory_work(services)
    await keep_run(services, run.id, state=RunState.RUNNING, started=services.clock())
    try:
        everybody = partial(read_everybody, admin, settings, *await read_rules(services))
        some = partial(read_some, admin, settings)
        snapshot = await meanwhile.read(everybody, some)
        known = await meanwhile.beside(partial(read_known, services, settings, None))
        plan = compare(settings, replace(snapshot, gone=missing(snapshot, known.held)), known)
        if (ending := _held_back(run, plan, settings, meanwhile)) is None:
            if absent := missing(snapshot, known.held):
                snapshot = await _asked_by_name(snapshot, absent, some, meanwhile)
                plan = compare(settings, snapshot, known)
            carried = await carry_out(work, plan, meanwhile)
            left = LEFT.format(left=carried.left) if carried.left else None
            ending = Ending(RunState.DONE, left, carried, again=meanwhile.moved)
    except DirectoryError as error:
        await fail(work, run.id, error)
        raise
    return await finish(work, run.id, snapshot, plan, ending)


def _held_back(
    run: DirectoryRun, plan: Plan, settings: DirectorySettings, meanwhile: Meanwhile
) -> Ending | None:
    """Return how a run ends of which nothing is done: a preview, or one that waits for a person."""
    confirmed = read_told(run.plan).taking if run.state is RunState.CONFIRMED else None
    reason = guard(plan, settings, confirmed)
    if reason is None and not run.dry:
        return None
    state = RunState.DONE if run.dry else RunState.WAITING
    return Ending(state, reason, again=meanwhile.moved)


async def _asked_by_name(
    snapshot: Snapshot, absent: frozenset[str], some: ReadSome, meanwhile: Meanwhile
) -> Snapshot:
    """Return the same after asking for whom the reading did not show.

    A page may have skipped somebody while the list moved: nobody is gone unless asked for by name.
    """
    asked, people, gone = sorted(absent), dict(snapshot.people), snapshot.gone
    for start in range(0, len(asked), AT_ONCE):
        await meanwhile.look_if_due()
        found = await some(asked[start : start + AT_ONCE])
        people, gone = {**people, **found.people}, gone | found.gone
    return replace(snapshot, people=people, gone=gone)
