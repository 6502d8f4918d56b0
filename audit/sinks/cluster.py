"""What the follower needs of an Elasticsearch cluster, and the one way in which asking it fails."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

Answer = Mapping[str, Any]

ABSENT = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.NOT_IMPLEMENTED,
    }
)
"""How builds answer for an endpoint or a feature that they lack."""


class ClusterError(Exception):
    """A request did not do what was asked; one sentence without anything the other side wrote.

    Attributes:
        status: the HTTP status, or None when there was no answer, or a contradictory one.
    """

    def __init__(self, sentence: str, status: int | None = None) -> None:
        super().__init__(sentence)
        self.status = status


T = TypeVar("T")


def read_answer(reader: Callable[[Answer], T], answer: Answer) -> T:
    """Return what ``reader`` makes of an answer.

    Raises:
        ClusterError: the answer has another form than the reader knows.
    """
    try:
        return reader(answer)
    except (AttributeError, LookupError, TypeError, ValueError):
        raise ClusterError("Elasticsearch answered in a form that is not known.") from None


class Cluster(Protocol):
    """The requests that are made. Each raises ``ClusterError``."""

    async def put_template(self, name: str, template: Mapping[str, Any]) -> None:
        """Put an index template."""

    async def put_fields(self, indexes: str, properties: Mapping[str, Any]) -> None:
        """Add fields to the mapping of the indices that are there."""

    async def bulk(self, operations: Sequence[bytes]) -> Answer:
        """Send lines of ``_bulk``."""

    async def get(self, documents: Sequence[Mapping[str, Any]]) -> Answer:
        """Get documents by id, as they are now and not as of the last refresh."""

    async def refresh(self, indexes: str) -> None:
        """Make what was acknowledged searchable."""

    async def search(self, indexes: str, search: Mapping[str, Any]) -> Answer:
        """Search."""

    async def open_pit(self, indexes: str) -> str:
        """Keep what is searchable now for a reader, and return the reader's id."""

    async def search_pit(self, pit: str, search: Mapping[str, Any]) -> Answer:
        """Search what a reader sees."""

    async def close_pit(self, pit: str) -> None:
        """Let go of a reader; one that is gone already is no failure."""

    async def count(self, indexes: str, query: Mapping[str, Any]) -> int:
        """Count the documents that match."""

    async def count_deleted(self, indexes: str) -> int:
        """Count the documents that were deleted or overwritten and are still kept."""

    async def expunge(self, indexes: str) -> None:
        """Merge away the documents that were deleted or overwritten."""

    async def health(self) -> Answer:
        """Return the state of the cluster."""

    async def close(self) -> None:
        """Close the connections."""
