"""Where the documents of a log lie in Elasticsearch: plain indices by index range, or one data stream.

A data stream rolls over by time or size, and keeps an ``_id`` unique only within one of its backing indices.
What is set aside lies in a plain index in both layouts, because it may lack a time.
"""

from dataclasses import dataclass
from typing import Any, Final

from audit.sinks.mapping import MAPPING, index_name, quarantine_name

TEMPLATE_PRIORITY: Final = 200
_STORE_FAILURES: Final = {"failure_store": {"enabled": True}}

Template = tuple[str, dict[str, Any]]
"""A name, and the body of ``PUT _index_template``."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The names under ``prefix``; ``stream`` chooses a data stream for whole documents."""

    prefix: str
    stream: bool = False

    @property
    def pattern(self) -> str:
        """Matches everything of ours, in both layouts."""
        return f"{self.prefix}-*"

    @property
    def quarantine(self) -> str:
        """The index of entries set aside."""
        return quarantine_name(self.prefix)

    def place(self, index: int) -> str:
        """Return where the document of the entry at ``index`` belongs."""
        return self.stream_name if self.stream else index_name(self.prefix, index)

    @property
    def stream_name(self) -> str:
        """The data stream."""
        return f"{self.prefix}-stream"

    def templates(self) -> list[Template]:
        """Return the index templates to put before the first document."""
        mapped = {"mappings": MAPPING}
        plain = {"index_patterns": [self.pattern], "priority": TEMPLATE_PRIORITY, "template": mapped}
        if not self.stream:
            return [(self.prefix, plain)]
        stream = {
            "index_patterns": [self.stream_name],
            "priority": TEMPLATE_PRIORITY + 1,
            "data_stream": {},
            "template": {**mapped, "data_stream_options": _STORE_FAILURES},
        }
        return [(self.prefix, plain), (self.stream_name, stream)]

    def is_quarantine(self, index: str) -> bool:
        """Whether a document found in ``index`` was set aside."""
        return index == self.quarantine
