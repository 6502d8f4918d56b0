"""Generated organisations, each of its own size and shape, in which everybody tries something for a while."""

import random
from dataclasses import dataclass
from typing import Final

from tests.console.changes.acting import act, organisation, settle

ORGANISATIONS_IN_CI: Final = 500
ACTS: Final = 120
SEED: Final = 20261130


@dataclass(frozen=True)
class Told:
    """What happened in all of them together."""

    organisations: int
    acts: int
    executed: int
    refused: int


def run(count: int) -> Told:
    """Let `count` organisations live.

    Raises:
        AssertionError: something was carried out without a quorum.
    """
    executed = refused = 0
    for number in range(count):
        chance = random.Random(SEED + number)  # noqa: S311 -- the same organisations in every run
        org = organisation(people=chance.randint(3, 12), twins=chance.randint(0, 3))
        settle(org, chance)
        for _ in range(ACTS):
            act(org, chance)
        executed, refused = executed + len(org.executed), refused + org.refused
    return Told(count, count * ACTS, executed, refused)
