"""What both pages that ask for a version have in common: its fields, and where its mistakes are shown."""

import re
from collections.abc import Awaitable, Mapping
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

from pydantic import AfterValidator, Field, Json

from console.catalog.drafts import Draft
from console.catalog.evidence import EvidenceKind
from console.catalog.forms import Form, Label, Why, checked_card
from console.catalog.names import is_version_label
from console.errors import ConflictError, InvalidInputError

Result = TypeVar("Result")
GONE: Final = "The cluster serves no such draft any more; choose another one."
NO_LABEL: Final = "The cluster's own version cannot be a label. Write one."
SHA_256 = re.compile(r"([0-9a-f]{64})?")
FIELDS: Final[Mapping[str, str]] = {
    "artifact_required": "evidence_kind",
    "artifact_unreadable": "artifact",
    "evidence_differs": "evidence",
    "evidence_missing": "evidence",
    "label_taken": "label",
    "name_taken": "name",
    "no_such_draft": "deployment",
}
"""The field that a reason is about: actions speak of the versions they were sent, a page has one."""


def _digest(text: str) -> str:
    if not SHA_256.fullmatch(text):
        raise ValueError("A SHA-256 has 64 signs: digits and the letters a to f.")
    return text


class VersionForm(Form):
    """A draft by its id, the label callers are to use (without one, the cluster's own version), and why."""

    deployment: UUID
    label: Label | None = None
    evidence_kind: EvidenceKind = EvidenceKind.SERVED
    evidence: Annotated[str, AfterValidator(_digest)] = ""
    artifact: Annotated[str, Field(max_length=255)] = ""
    card: Annotated[Json[dict[str, Any]], AfterValidator(checked_card)] = Field(default_factory=dict)
    reason: Why

    def served_as(self, draft: Draft | None) -> dict[str, Any]:
        """Return the version as actions take it.

        Raises:
            InvalidInputError: there is no such draft, or its version is no label and none was typed.
        """
        if draft is None:
            raise InvalidInputError(GONE, ("no_such_draft",), {"deployment": GONE})
        label = self.label or draft.upstream_version or "1"
        if not is_version_label(label):
            raise InvalidInputError(NO_LABEL, ("invalid_label",), {"label": NO_LABEL})
        said = self.model_dump(include={"evidence_kind", "evidence", "artifact", "card"})
        return {**said, **draft.served, "label": label}


def filled(typed: Mapping[str, str]) -> dict[str, str]:
    """Return what was typed; what was left empty is as if it were not there."""
    return {field: text for field, text in typed.items() if text.strip()}


async def beside_fields(asking: Awaitable[Result]) -> Result:
    """Return what `asking` gives; what it finds wrong is told of the field that it is about.

    Raises:
        ConflictError, InvalidInputError: as `asking`.
    """
    try:
        return await asking
    except (ConflictError, InvalidInputError) as error:
        fields = [FIELDS[reason] for reason in error.reasons if reason in FIELDS]
        if not fields:
            raise
        raise type(error)(error.detail, error.reasons, dict.fromkeys(fields, error.detail)) from error
