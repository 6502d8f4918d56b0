"""The files that pages load: found by logical name in the manifest written by ``console.static_build``."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from litestar import Router
from litestar.datastructures import CacheControlHeader
from litestar.static_files import create_static_files_router
from markupsafe import Markup

VENDOR = Path(__file__).resolve().parent.parent / "static" / "vendor"
URL = "/static"
ONE_YEAR = 31_536_000


class AssetError(Exception):
    """A page asks for a file or an icon that the build did not lay out."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One served file: its path on this server and the hash that browsers check before using it."""

    path: str
    integrity: str


@dataclass(frozen=True, slots=True)
class Assets:
    """All served files and icons, by logical name."""

    files: Mapping[str, Asset]
    icons: Mapping[str, Markup]

    def asset(self, name: str) -> Asset:
        """Return the file called ``name``, for example ``app.css``.

        Raises:
            AssetError: the build lays out no file of that name.
        """
        try:
            return self.files[name]
        except KeyError:
            raise AssetError(
                f"There is no asset called {name!r}; console/static_build.py lists them."
            ) from None

    def icon(self, name: str, css: str = "") -> Markup:
        """Return an inline SVG; always decoration, so the text beside it must say the same.

        Raises:
            AssetError: ``console/static/icons.txt`` does not list the icon.
        """
        if name not in self.icons:
            raise AssetError(f"There is no icon called {name!r}; add it to console/static/icons.txt.")
        head = Markup(
            '<svg class="icon {}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75"'
            ' stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">'
        )
        return head.format(css) + self.icons[name] + Markup("</svg>")


def read_assets(vendor: Path = VENDOR) -> Assets:
    """Read the manifest and the icons.

    Raises:
        AssetError: the build has not run.
    """
    try:
        manifest = json.loads((vendor / "manifest.json").read_text("utf-8"))
        drawings = json.loads((vendor / "icons.json").read_text("utf-8"))
    except FileNotFoundError:
        raise AssetError("Front-end files are missing: run `python -m console.static_build`.") from None
    files = {name: Asset(f"{URL}/{entry['file']}", entry["integrity"]) for name, entry in manifest.items()}
    # The drawings come from a package pinned by hash, never from a person.
    return Assets(files, {name: Markup(drawing) for name, drawing in drawings.items()})  # noqa: S704


def static_router(vendor: Path = VENDOR) -> Router:
    """Serve the files; names hold their content hash, so a browser never needs to ask twice."""
    forever = CacheControlHeader(max_age=ONE_YEAR, public=True, immutable=True)
    return create_static_files_router(path=URL, directories=[vendor], cache_control=forever)
