"""How files of the log are answered, whoever may have them: their type, and how long they may be kept."""

from typing import Final

from litestar import Response

from console.trail.tiles import TileAddress

NO_CACHE: Final = {"Cache-Control": "no-cache"}
YEAR_SECONDS: Final = 31_536_000


def answer_tile(address: TileAddress, data: bytes, *, shared: bool = False) -> Response[bytes]:
    """Answer a tile or bundle: a complete one never changes; `shared` lets caches keep it for everybody."""
    whose = "public" if shared else "private"
    kept = {"Cache-Control": f"{whose}, max-age={YEAR_SECONDS}, immutable"}
    headers = kept if address.complete else NO_CACHE
    return Response(data, media_type="application/octet-stream", headers=headers)
