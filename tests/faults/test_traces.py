"""The search for traces finds a word however it is written; what it cannot find would prove nothing."""

import base64
import json
import os
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.faults.traces import find_traces

WORD = 'Zoë "Zz" Quist'


@pytest.mark.parametrize(
    "content",
    [
        WORD.encode(),
        WORD.upper().replace("Ë", "ë").encode(),
        WORD.encode("utf-16"),
        WORD.encode("utf-16-be"),
        WORD.encode().hex().encode(),
        WORD.encode().hex().upper().encode(),
        json.dumps(WORD).encode(),
        json.dumps(WORD, ensure_ascii=False).encode(),
        quote(WORD).encode(),
        *(base64.b64encode(b"a" * before + WORD.encode() + b"bcd") for before in range(4)),
        *(base64.urlsafe_b64encode(b"\xff" * before + WORD.encode() + b"\xff") for before in range(4)),
    ],
)
def test_a_word_is_found_in_every_spelling(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "folder").mkdir()
    path = tmp_path / "folder" / "file"
    path.write_bytes(b"\x00before" + content + b"after\xff" if not content.isascii() else content)
    assert find_traces([WORD, "Nobody Else"], [tmp_path]) == [(str(path), WORD)]


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b'Zo "Zz" Quis' + bytes(range(256)) * 50)
    assert find_traces([WORD], [tmp_path]) == []


def test_what_goes_away_while_it_is_searched_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("gone/deep/file", "kept/file"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(WORD, "utf-8")
    listed = os.scandir

    def delete_and_list(folder: str) -> object:
        if folder.endswith("deep"):
            Path(folder, "file").unlink()
            Path(folder).rmdir()
        return listed(folder)

    monkeypatch.setattr(os, "scandir", delete_and_list)
    assert find_traces([WORD], [tmp_path]) == [(str(tmp_path / "kept" / "file"), WORD)]
