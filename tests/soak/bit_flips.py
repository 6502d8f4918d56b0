"""Ten thousand random bits: in every file of an export, and in every kind of row of the log's database."""

import random
import tempfile
from pathlib import Path

from console import runtime
from tests.audit.tamper.flips import Flip, flip_in_database, flip_in_export
from tests.audit.tamper.scene import Template, make_template, open_scene
from tests.bench.result import ROOT, Result, Row

FLIPS = 10_000
SEED = 20261122


def measure() -> Result:
    """Return how many flips were not seen, and how many were seen under the wrong index."""
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        template = make_template(Path(scratch) / "template")
        flips = runtime.run(flip_all(template, Path(scratch) / "scene"))
    unseen = sum(not one.seen for one in flips)
    misnamed = sum(one.seen and not one.right for one in flips)
    return Result(
        "bit-flips",
        [
            Row("flipped bits", len(flips), "bits", [len(flips)], floor=FLIPS),
            Row("flipped and not seen", unseen, "bits", [unseen], 0, 0, lower_is_better=True),
            Row("seen, another entry named", misnamed, "bits", [misnamed], 0, 0, lower_is_better=True),
        ],
    )


async def flip_all(template: Template, folder: Path) -> list[Flip]:
    """Flip as many bits in an export as in the database it was made of."""
    scene, runner = await open_scene(template, folder)
    chance = random.Random(SEED)  # noqa: S311 -- the same flips in every run
    export, vkey = await scene.take_away(), scene.store.signer.vkey
    await scene.alter()
    flips = [flip_in_export(export, vkey, chance) for _ in range(FLIPS // 2)]
    flips += [await flip_in_database(scene.store, chance) for _ in range(FLIPS // 2)]
    await scene.sink.close()
    await scene.store.close()
    await runner.cleanup()
    return flips
