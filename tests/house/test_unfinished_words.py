"""What is committed is finished: no notes to self, no bodies that only refuse to work."""

import re
from pathlib import Path

WORDS = re.compile(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError)\b")
READ = {".css", ".html", ".js", ".md", ".py", ".rego", ".sh", ".toml", ".yaml", ".yml"}
HERE = Path("tests/house/test_unfinished_words.py")  # says what it looks for


def test_no_unfinished_words(root: Path, committed: list[Path]) -> None:
    found = [
        f"{path}:{number} {line.strip()}"
        for path in committed
        if (path.suffix in READ or path.name == "Makefile") and path != HERE
        if WORDS.search(text := (root / path).read_text())
        for number, line in enumerate(text.splitlines(), 1)
        if WORDS.search(line)
    ]
    assert found == []
