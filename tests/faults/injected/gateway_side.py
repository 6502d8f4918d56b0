"""A gateway's side under fault injection: calls are intended, made, ended; what is durable is told.

`python -m tests.faults.injected.gateway_side FOLDER`; the records wait in FOLDER/calls, one line each.
"""

import asyncio
import contextlib
import json
import sys
from pathlib import Path

from audit.spool.writer import SpoolUnavailableError, SpoolWriter
from console import runtime
from tests.faults.injected.told import Told

CALLERS = 4
ROTATE_BYTES = 6_000  # a file holds a few calls


async def write(folder: Path) -> None:
    """Make every call that waits, a few at a time."""
    told = Told.open(folder / "told")
    calls = (folder / "calls").read_bytes().splitlines()
    outcome = (folder / "outcome").read_bytes()
    writer = SpoolWriter.open(folder / "spool", "gateway", rotate_bytes=ROTATE_BYTES)
    async with asyncio.TaskGroup() as group:
        for first in range(CALLERS):
            group.create_task(_call_each(writer, calls[first::CALLERS], outcome, told))
    await writer.close()


async def _call_each(writer: SpoolWriter, calls: list[bytes], outcome: bytes, told: Told) -> None:
    for call in calls:
        with contextlib.suppress(SpoolUnavailableError):
            await _make_call(writer, call, outcome, told)


async def _make_call(writer: SpoolWriter, call: bytes, outcome: bytes, told: Told) -> None:
    name = json.loads(call)["head"]["id"]
    number = await writer.append_durable(call)
    told.tell(f"intended {name}")
    await asyncio.sleep(0)  # where the upstream would be asked
    writer.append_outcome(number, outcome)
    told.tell(f"ended {name}")


if __name__ == "__main__":
    runtime.run(write(Path(sys.argv[1])))
