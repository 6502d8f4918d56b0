"""What is kept off this host is only ever created: a file on a mount, a document of an index."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from audit.sinks.cluster import Cluster, read_answer
from audit.spool.files import sync_directory

ABSENT: Final = 404
CONFLICT: Final = 409
CREATED: Final = 201
KEYWORD: Final[Mapping[str, Any]] = {"type": "keyword"}
KEPT: Final[Mapping[str, Any]] = {"type": "keyword", "index": False, "doc_values": False}
"""A text that is given back and never searched."""


def create_file(path: Path, content: bytes) -> None:
    """Create a file, durable when this returns; not by renaming, which a write-once mount does not allow.

    Raises:
        FileExistsError: there is one.
        OSError: it cannot be written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    sync_directory(path.parent)


class CreatedIndex:
    """An index of Elasticsearch whose documents have these ``properties`` and no others."""

    def __init__(self, cluster: Cluster, name: str, properties: Mapping[str, Any]) -> None:
        self._cluster = cluster
        self._name = name
        mappings = {"dynamic": False, "properties": properties}
        self._template = {"index_patterns": [name], "priority": 201, "template": {"mappings": mappings}}
        self._is_ready = False

    async def prepare(self) -> None:
        """Put the template there, once.

        Raises:
            ClusterError: the cluster does not answer, or refuses.
        """
        if not self._is_ready:
            await self._cluster.put_template(self._name, self._template)
            self._is_ready = True

    async def create(self, identity: str, source: Mapping[str, Any]) -> int:
        """Create a document and return the status: ``CREATED``, ``CONFLICT`` when it is there, or another.

        Raises:
            ClusterError: the cluster does not answer, or not in its way.
        """
        action = {"create": {"_index": self._name, "_id": identity}}
        answer = await self._cluster.bulk([orjson.dumps(action), orjson.dumps(source)])
        return read_answer(lambda found: int(found["items"][0]["create"]["status"]), answer)
