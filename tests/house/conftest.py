"""What the house tests read: the files that are, or are about to be, committed."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def committed(root: Path) -> list[Path]:
    """Every file of the tree that git does not ignore, relative to its top."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=root,
        capture_output=True,
        check=True,
    )
    names = [name for name in listing.stdout.decode().split("\0") if name]
    return sorted(Path(name) for name in names if (root / name).is_file())


@pytest.fixture(scope="session")
def sources(committed: list[Path]) -> list[Path]:
    """The product's own Python files."""
    return [path for path in committed if path.suffix == ".py" and path.parts[0] in PACKAGES]


@pytest.fixture(scope="session")
def python_files(committed: list[Path]) -> list[Path]:
    """Every Python file, tests included."""
    return [path for path in committed if path.suffix == ".py"]


PACKAGES = ("audit", "console", "policy", "sso")
