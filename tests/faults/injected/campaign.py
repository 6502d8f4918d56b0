"""Meets many points, each on its own copy of the scene, and adds up what recovery found."""

import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.injected.points import Point, count_calls, inject, list_points
from tests.faults.injected.scene import Found, fill_for_worker, prepare, recover
from tests.faults.injected.told import Told

SIDES = ("gateway_side", "worker_side")
SEED = 20261122


@dataclass
class Campaign:
    """What was met so far.

    Attributes:
        met: points whose fault was truly injected.
        acknowledged: records that were told to be durable, over all points.
        wrong: points after which something was lost, repeated, forked or unverifiable.
    """

    folder: Path
    strace: Path
    met: int = 0
    acknowledged: int = 0
    lost: int = 0
    duplicates: int = 0
    forks: int = 0
    wrong: list[tuple[Point, Found]] = field(default_factory=list)

    def prepare(self) -> list[Point]:
        """Make the scenes, run each side once without a fault, and return every point there is."""
        gateway, worker = (self.folder / side for side in SIDES)
        prepare(gateway)
        shutil.copytree(gateway, worker)
        fill_for_worker(worker)
        points = []
        for side in SIDES:
            counted = count_calls(self.strace, side, self.fresh(side))
            points += list_points(side, counted)
        return points

    def meet(self, point: Point) -> None:
        """Inject one fault, recover, compare."""
        scene = self.fresh(point.side)
        met = inject(self.strace, point, scene)
        self.acknowledged += len(Told.open(scene / "told").lines("intended"))
        found = recover(scene)
        self.met += met
        self.lost += found.lost
        self.duplicates += found.duplicates
        self.forks += found.forks
        if not found.clean:
            self.wrong.append((point, found))

    def fresh(self, side: str) -> Path:
        """Return a new copy of a side's scene; the one before is gone."""
        scene = self.folder / "run"
        shutil.rmtree(scene, ignore_errors=True)
        shutil.copytree(self.folder / side, scene)
        return scene


def choose(points: Sequence[Point], count: int) -> list[Point]:
    """Choose points of both sides in equal number and of every kind, the same ones in every run."""
    chance = random.Random(SEED)  # noqa: S311 -- repeatable, no secret
    chosen: list[Point] = []
    for side in SIDES:
        kinds: dict[tuple[str, str], list[Point]] = {}
        for point in points:
            if point.side == side:
                kinds.setdefault((point.call, point.action), []).append(point)
        for of_a_kind in kinds.values():
            chance.shuffle(of_a_kind)
        chosen += take_in_turn(list(kinds.values()), count // len(SIDES))
    return chosen


def take_in_turn(piles: list[list[Point]], count: int) -> list[Point]:
    """Take one of each pile, again and again, until there are `count` or none is left."""
    taken: list[Point] = []
    while len(taken) < count and any(piles):
        for pile in piles:
            if pile and len(taken) < count:
                taken.append(pile.pop())
    return taken
