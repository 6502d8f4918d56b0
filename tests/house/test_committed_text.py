"""What is committed names no machine and no address of packages, and each tree of migrations is one line."""

import re
from pathlib import Path

import pytest

MACHINE_PATHS = re.compile(r"(?<![\w.<{}$*~-])/(?:work|root|home/[a-z]+|Users/[a-z]+)(?:/|\b)")
REGISTRIES = re.compile(
    r"pypi\.org|files\.pythonhosted|registry\.npmjs|repo1?\.maven|proxy\.golang|deb\.debian|jfrog|nexus\."
)
DOWNLOADS = re.compile(r'"resolved": "http|index-url|--find-links|registry\s*=\s*http|GOPROXY=http')
BINARY = {".bin", ".gz", ".ico", ".png", ".sqlite", ".woff", ".woff2", ".zip"}
HERE = Path("tests/house/test_committed_text.py")  # says what it looks for
REVISION = re.compile(r'^revision = "(.+)"$', re.MULTILINE)
DOWN_REVISION = re.compile(r'^down_revision = (?:"(.+)"|None)$', re.MULTILINE)


def test_no_machine_path(root: Path, committed: list[Path]) -> None:
    assert _lines(root, committed, MACHINE_PATHS) == []


def test_no_registry_host(root: Path, committed: list[Path]) -> None:
    assert _lines(root, committed, REGISTRIES) == []


def test_no_download_address_in_a_lock_or_a_setting(root: Path, committed: list[Path]) -> None:
    assert _lines(root, committed, DOWNLOADS) == []


def test_the_rule_knows_a_machine_path_from_a_url() -> None:
    machine = ["cd /work/main", "'/root/.cache'", "/home/someone/x"]
    fine = ["https://example.org/work/x", "{root}/work", "/health/live", "network", "/roots"]
    assert [text for text in machine if not MACHINE_PATHS.search(text)] == []
    assert [text for text in fine if MACHINE_PATHS.search(text)] == []


@pytest.mark.parametrize("tree", ["keys", "log", "main"])
def test_a_tree_of_migrations_is_one_line(root: Path, tree: str) -> None:
    texts = [file.read_text() for file in sorted((root / "migrations" / tree / "versions").glob("*.py"))]
    revisions = [found[1] for text in texts if (found := REVISION.search(text))]
    before = [found[1] for text in texts if (found := DOWN_REVISION.search(text))]
    assert len(texts) > 0
    assert before == [None, *revisions[:-1]]


def _lines(root: Path, committed: list[Path], pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path}:{number} {line.strip()[:120]}"
        for path in committed
        if path.suffix not in BINARY and path != HERE
        for number, line in enumerate((root / path).read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]
