"""A cluster is called on the loop that `guildhall serve` runs on, which tests in this process do not use."""

import subprocess
import sys
from pathlib import Path

CALLED = """
import asyncio
from console.gateway.connection import Connection
from console.runtime import run

ANSWER = b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: 4\\r\\n\\r\\n[1]\\n"

async def answer(reader, writer):
    await reader.readuntil(b"\\r\\n\\r\\n")
    writer.write(ANSWER)

async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)
    connection.send(b"GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
    await connection.head()
    print(connection.peer, connection.status, await connection.piece(), connection.reusable)
    connection.abort()
    server.close()

run(main())
"""


def test_an_answer_is_read_on_the_loop_of_processes_that_serve() -> None:
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", CALLED]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=60)
    assert (ran.stdout, ran.stderr) == ("127.0.0.1 200 b'[1]\\n' True\n", "")
