"""Three hundred random bits: each is seen, and the right entry named."""

import random

import pytest

from tests.audit.tamper.flips import flip_in_database, flip_in_export
from tests.audit.tamper.scene import Scene

pytestmark = pytest.mark.slow

HALF = 150


async def test_150_bits_of_an_export(scene: Scene) -> None:
    chance = random.Random(5)  # noqa: S311 -- the same flips in every run
    folder = await scene.take_away()
    flips = [flip_in_export(folder, scene.store.signer.vkey, chance) for _ in range(HALF)]
    assert [one for one in flips if not one.right] == []
    assert len({one.where for one in flips}) == 8


async def test_150_bits_of_the_database(scene: Scene) -> None:
    chance = random.Random(6)  # noqa: S311 -- the same flips in every run
    await scene.alter()
    flips = [await flip_in_database(scene.store, chance) for _ in range(HALF)]
    assert [one for one in flips if not one.right] == []
    assert len({one.where for one in flips}) == 4
