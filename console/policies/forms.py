"""What the policies area takes and gives."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from console.catalog.forms import Form
from console.explain.forms import Named

Text = Annotated[str, Field(max_length=512 * 1024)]


class DraftCreate(Form):
    """A draft: all files with tests and cases, or none to begin from what decides now."""

    files: dict[str, Text] | None = None


class FileChange(Form):
    """One file of a draft; no text takes it out."""

    path: Annotated[str, Field(min_length=1, max_length=200)]
    text: Text = ""


class ReplayAsk(Form):
    """Of how many days the decisions are replayed."""

    days: Annotated[int, Field(ge=1, le=365)] = 30


class FindingRead(BaseModel):
    """What is wrong, and where."""

    file: str
    line: int
    text: str


class RuleCoverageRead(BaseModel):
    """A rule that tests do not run whole: where it begins, and the lines that did not run, or in part."""

    rule: str
    line: int
    lines: list[int]


class FileCoverageRead(BaseModel):
    """Which lines of one file of rules the tests ran, ran in part, or missed."""

    path: str
    percent: float
    ran: list[int]
    partly: list[int]
    missed: list[int]
    rules: list[RuleCoverageRead]


class CoverageRead(BaseModel):
    """How much of a draft's rules its tests run: `ran` of `lines`; `why` it was not measured, if so."""

    percent: float | None
    ran: int
    lines: int
    files: list[FileCoverageRead]
    why: str | None


class FlipRead(BaseModel):
    """Decisions alike that come out differently; the person is missing for who may not read of them."""

    what: str
    person: Named | None
    action: str
    route: str
    reasons: list[str]
    would_reasons: list[str]
    times: int
    entry: UUID


class ReplayRead(BaseModel):
    """What replaying a draft found so far: `state` is waiting, running, done or failed.

    `progress` are hundredths of the log's range; `altered` are those of the `unreadable` that are not as they
    were signed.
    """

    state: str
    progress: int
    trouble: str | None
    since: str
    decisions: int
    unreadable: int
    altered: int
    undecided: int
    flipped: int
    digest: str | None


class DraftItem(BaseModel):
    """A draft in the list of all; `sound` says that it may be replayed and proposed."""

    id: UUID
    revision: str
    sound: bool
    passed: int
    failed: int
    replay: ReplayRead | None
    proposed: bool
    updated: str


class DraftRead(BaseModel):
    """A draft with what was found of it; `sound` says that it may be replayed and proposed."""

    id: UUID
    revision: str
    base: str
    sound: bool
    passed: int
    problems: list[FindingRead]
    failed: list[FindingRead]
    coverage: CoverageRead
    replay: ReplayRead | None
    proposed: bool
    updated: str


class RevisionRead(BaseModel):
    """A revision that is kept, and when it was first."""

    revision: str
    created: str | None


class EngineRead(BaseModel):
    """An engine, the revision it last stated and when; none when it is this console's own, which is asked."""

    name: str
    state: Literal["reports_it", "expected", "overdue"]
    revision: str | None
    stated: str | None
    trouble: str | None


class StageRead(BaseModel):
    """How far the activation has come: `staged` until every engine known lately reports the revision.

    `lacking` names those that do not, in a sentence.
    """

    state: Literal["staged", "complete", "overdue"]
    reporting: int
    known: int
    sentence: str
    lacking: str | None
    engines: list[EngineRead]


class PoliciesRead(BaseModel):
    """What decides, what decided before, and which revisions are kept; `reported` is what the engine says."""

    active: str
    previous: str | None
    activated: str | None
    reported: str | None
    trouble: str | None
    stage: StageRead
    kept: list[RevisionRead]


class FilesRead(BaseModel):
    """The text of one revision, by path."""

    revision: str
    files: dict[str, str]
