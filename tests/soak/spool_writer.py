"""The process that is killed: writes intents for several callers and prints each number once durable."""

import asyncio
import os
import sys
from pathlib import Path

from audit.spool.writer import SpoolWriter
from console import runtime

CALLERS = 8
ROTATE_BYTES = 256 * 1024
INTENT = bytes(900)


async def write(folder: Path) -> None:
    """Write until killed."""
    writer = SpoolWriter.open(folder, "soak", rotate_bytes=ROTATE_BYTES)
    async with asyncio.TaskGroup() as callers:
        for _ in range(CALLERS):
            callers.create_task(_call(writer))


async def _call(writer: SpoolWriter) -> None:
    while True:
        number = await writer.append_durable(INTENT)
        os.write(1, f"{number}\n".encode())


if __name__ == "__main__":
    runtime.run(write(Path(sys.argv[1])))
