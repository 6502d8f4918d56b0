"""What is hashed is what lies below the cluster's folder, and nothing else of this machine."""

import hashlib
import os
from pathlib import Path

import pytest

from console.catalog.artifacts import Artifacts, UnreadableArtifactError, check_place
from console.errors import InvalidInputError

BYTES = b"weights"


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    folder = tmp_path / "main"
    (folder / "churn" / "1").mkdir(parents=True)
    (folder / "churn" / "1" / "model.bin").write_bytes(BYTES)
    (tmp_path / "secret").write_bytes(b"ours")
    return Artifacts({"main": folder})


def test_a_file_is_its_bytes_and_a_folder_its_listing(artifacts: Artifacts) -> None:
    file = hashlib.sha256(BYTES).hexdigest()
    assert artifacts.digest("main", "churn/1/model.bin") == file
    listing = f"{file}  model.bin\n".encode()
    assert artifacts.digest("main", "churn/1") == hashlib.sha256(listing).hexdigest()


def test_other_bytes_are_another_digest_also_under_the_old_time_and_size(artifacts: Artifacts) -> None:
    file = artifacts.folders["main"] / "churn" / "1" / "model.bin"
    before, found = artifacts.digest("main", "churn/1/model.bin"), file.stat()
    file.write_bytes(b"wEights")
    os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert artifacts.digest("main", "churn/1/model.bin") != before


def test_a_file_more_in_the_folder_is_another_digest(artifacts: Artifacts) -> None:
    before = artifacts.digest("main", "churn/1")
    (artifacts.folders["main"] / "churn" / "1" / "hook.py").write_bytes(b"")
    assert artifacts.digest("main", "churn/1") != before


PLACES = (
    "../secret",
    "..",
    "churn/../../secret",
    "..\\secret",
    "%2e%2e/secret",
    "/etc/passwd",
    "",
    "a//b",
    "./a",
)


@pytest.mark.parametrize("place", PLACES)
def test_case_85_a_place_that_leads_elsewhere_is_refused(place: str, artifacts: Artifacts) -> None:
    with pytest.raises(UnreadableArtifactError):
        artifacts.digest("main", place)
    with pytest.raises(InvalidInputError):
        check_place(place)


@pytest.mark.parametrize("link", ["churn/1/link", "linked/secret"])
def test_case_85_a_link_is_no_artifact(link: str, artifacts: Artifacts, tmp_path: Path) -> None:
    folder = artifacts.folders["main"]
    (folder / "churn" / "1" / "link").symlink_to(tmp_path / "secret")
    (folder / "linked").symlink_to(tmp_path)
    for place in (link, "churn/1"):
        with pytest.raises(UnreadableArtifactError):
            artifacts.digest("main", place)


def test_what_is_not_there_has_no_digest(artifacts: Artifacts) -> None:
    for cluster, place in (("main", "churn/2"), ("other", "churn/1")):
        with pytest.raises(UnreadableArtifactError):
            artifacts.digest(cluster, place)
