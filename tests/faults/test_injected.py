"""System calls of a batch fail or kill: nothing acknowledged is lost, nothing repeated, nothing forked."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.faults.injected.campaign import Campaign, choose
from tests.faults.injected.points import ACTIONS
from tests.faults.injected.scene import ACTS, CALLS, fill_for_worker, prepare, recover
from tests.faults.injected.told import Told

pytestmark = [pytest.mark.real, pytest.mark.slow]

POINTS = 60


def test_faults_at_60_points_lose_repeat_and_fork_nothing(tmp_path: Path, strace: Path) -> None:
    campaign = Campaign(tmp_path, strace)
    points = campaign.prepare()
    assert {point.action for point in points} == set(ACTIONS)
    assert {point.call for point in points} >= {"write", "pwrite64", "fdatasync", "fsync", "rename", "unlink"}
    for point in choose(points, POINTS):
        campaign.meet(point)
    assert campaign.wrong == []
    # Which thread makes which call differs a little from run to run: a few points are not reached.
    assert campaign.met >= POINTS * 0.8
    assert campaign.acknowledged > POINTS * ACTS / 2


def test_the_comparison_would_see_a_loss_a_repetition_and_a_fork(tmp_path: Path) -> None:
    prepare(tmp_path / "scene")
    fill_for_worker(tmp_path / "scene")
    assert recover(tmp_path / "scene").clean
    told = Told.open(tmp_path / "scene" / "told")
    assert (len(told.lines("intended")), len(told.lines("ended"))) == (ACTS + CALLS, CALLS - CALLS // 3)
    told.tell("intended 00000000-0000-7000-8000-000000000000")
    told.tell("signed 3 bm90IHRoZSByb290")
    found = recover(tmp_path / "scene")
    assert (found.lost, found.forks, found.clean) == (1, 1, False)


def test_the_comparison_would_see_an_entry_that_went(tmp_path: Path) -> None:
    prepare(tmp_path / "scene")
    fill_for_worker(tmp_path / "scene")
    assert recover(tmp_path / "scene").clean
    engine = create_engine(f"sqlite:///{tmp_path / 'scene' / 'log.db'}")
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER entry_refuse_delete"))
        connection.execute(text('DELETE FROM entry WHERE "index" = 20'))
    engine.dispose()
    found = recover(tmp_path / "scene")
    assert (found.lost, found.complaint) == (1, "The indexes have a gap.")
