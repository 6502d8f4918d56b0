import base64
import hashlib
import json
from pathlib import Path

import pytest

from console.static_build import (
    BUNDLES,
    StaticBuildError,
    fingerprint,
    install_packages,
    lay_out,
    own_sources,
    read_bundle,
    read_icons,
)

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small checkout that holds every file the build reads."""
    for parts in BUNDLES.values():
        for part in parts:
            (tmp_path / part).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / part).write_text(f"/* {part} */\n//# sourceMappingURL=x.map\n")
    icons = tmp_path / "node_modules/@tabler/icons/icons/outline"
    icons.mkdir(parents=True)
    (icons / "box.svg").write_text('<svg>\n<path stroke="none" d="M0" />\n<path\n d="M1" />\n</svg>')
    (tmp_path / "console/static/icons.txt").write_text("box\n")
    (tmp_path / "console/static_build.py").write_text("")
    (tmp_path / "package-lock.json").write_text("{}")
    return tmp_path


def test_files_are_named_by_content_and_carry_their_integrity(checkout: Path) -> None:
    vendor = checkout / "vendor"
    lay_out(checkout, vendor)
    manifest = json.loads((vendor / "manifest.json").read_text())
    assert set(manifest) == set(BUNDLES)
    for entry in manifest.values():
        digest = hashlib.sha384((vendor / entry["file"]).read_bytes()).digest()
        assert entry["integrity"] == "sha384-" + base64.b64encode(digest).decode()
        assert digest.hex()[:16] in entry["file"]


def test_htmx_and_its_guard_are_one_file_without_source_maps(checkout: Path) -> None:
    text = read_bundle(checkout, BUNDLES["htmx.js"]).decode()
    assert text.index("htmx.min.js") < text.index(";\n") < text.index("hx-csp.min.js")
    assert "sourceMappingURL" not in text


def test_a_changed_file_replaces_the_old_one(checkout: Path) -> None:
    vendor = checkout / "vendor"
    lay_out(checkout, vendor)
    (checkout / "console/static/app.js").write_text("changed")
    lay_out(checkout, vendor)
    assert len(list(vendor.glob("app-*.js"))) == 1


def test_every_own_source_moves_the_stamp(checkout: Path) -> None:
    seen = {fingerprint(own_sources(checkout))}
    for source in own_sources(checkout):
        source.write_text(source.read_text() + "x")
        seen.add(fingerprint(own_sources(checkout)))
    assert len(seen) == len(own_sources(checkout)) + 1


def test_icons_are_their_shapes_on_one_line(checkout: Path) -> None:
    assert read_icons(checkout) == {"box": '<path d="M1" />'}


def test_an_unknown_icon_and_a_moved_file_are_said(checkout: Path) -> None:
    (checkout / "console/static/icons.txt").write_text("box\nnothing-like-this\n")
    with pytest.raises(StaticBuildError, match="nothing-like-this"):
        read_icons(checkout)
    (checkout / BUNDLES["tabler.css"][0]).unlink()
    with pytest.raises(StaticBuildError, match=r"tabler\.min\.css"):
        read_bundle(checkout, BUNDLES["tabler.css"])


def test_packages_of_the_stamped_lock_are_not_installed_again(checkout: Path) -> None:
    (checkout / "node_modules/.stamp").write_text(fingerprint([checkout / "package-lock.json"]))
    assert install_packages(checkout) is False


def test_the_lock_holds_hashes_and_no_addresses() -> None:
    lock = (ROOT / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    packages = json.loads(lock)["packages"]
    assert all("integrity" in entry for name, entry in packages.items() if name)
    npmrc = (ROOT / ".npmrc").read_text().split()
    assert {"ignore-scripts=true", "omit-lockfile-registry-resolved=true"} <= set(npmrc)
