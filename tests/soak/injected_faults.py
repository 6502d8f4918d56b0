"""Faults at every system call of a batch that writes: the process dies, or is told EIO or ENOSPC."""

import logging
import tempfile
from pathlib import Path

from tests.bench.result import ROOT, Result, Row
from tests.faults.injected.campaign import Campaign
from tests.real.strangers import Strace

FLOOR = 500


def measure() -> Result:
    """Return how many points were met, and what recovery found afterwards."""
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    logging.disable(logging.ERROR)  # each lost call is said aloud
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        campaign = Campaign(Path(scratch), Strace().path)
        for point in campaign.prepare():
            campaign.meet(point)
    return Result("injected-faults", rows(campaign))


def rows(campaign: Campaign) -> list[Row]:
    """Return the sums as rows."""
    return [
        Row("points where a fault was injected", campaign.met, "points", [campaign.met], floor=FLOOR),
        Row(
            "acknowledged records",
            campaign.acknowledged,
            "records",
            [campaign.acknowledged],
            floor=FLOOR * 10,
        ),
        *(
            Row(what, value, unit, [value], floor=0, aim=0, lower_is_better=True)
            for what, value, unit in (
                ("acknowledged and lost", campaign.lost, "records"),
                ("logged twice", campaign.duplicates, "entries"),
                ("checkpoints that the log does not extend", campaign.forks, "forks"),
                ("points after which anything was wrong", len(campaign.wrong), "points"),
            )
        ),
    ]
