"""Nothing committed names the machine it was written on, or an address that packages are downloaded from."""

import re
from pathlib import Path

MACHINE_PATHS = re.compile(r"(?<![\w.<{}$*~-])/(?:work|root|home/[a-z]+|Users/[a-z]+)(?:/|\b)")
REGISTRIES = re.compile(
    r"pypi\.org|files\.pythonhosted|registry\.npmjs|repo1?\.maven|proxy\.golang|deb\.debian|jfrog|nexus\."
)
DOWNLOADS = re.compile(r'"resolved": "http|index-url|--find-links|registry\s*=\s*http|GOPROXY=http')
BINARY = {".bin", ".gz", ".ico", ".png", ".sqlite", ".woff", ".woff2", ".zip"}
HERE = Path("tests/house/test_committed_text.py")  # says what it looks for


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


def _lines(root: Path, committed: list[Path], pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path}:{number} {line.strip()[:120]}"
        for path in committed
        if path.suffix not in BINARY and path != HERE
        for number, line in enumerate((root / path).read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]
