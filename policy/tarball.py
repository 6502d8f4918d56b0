"""The bundle as OPA fetches it: a gzipped tar of the files, the manifest and the signature."""

import gzip
import io
import json
import tarfile

from policy.bundles import Bundle, manifest
from policy.signing import MANIFEST, SIGNATURES


def pack_bundle(bundle: Bundle, signatures: str) -> bytes:
    """Return ``bundle.tar.gz``; the same files and signature always give the same bytes."""
    files = {**bundle.files, MANIFEST: json.dumps(manifest(bundle)), SIGNATURES: signatures}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, text in sorted(files.items()):
            data = text.encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return gzip.compress(packed.getvalue(), mtime=0)
