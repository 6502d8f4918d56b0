"""The signature of a bundle, as OPA reads it: ``.signatures.json`` with one JWT over the hash of every file.

https://www.openpolicyagent.org/docs/management-bundles#signing: files are hashed with SHA-256, JSON files
over their compact form with sorted keys. Algorithm ES256 (RFC 7518 section 3.4).
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from policy.bundles import Bundle, manifest
from policy.errors import BundleError

ALGORITHM: Final = "ES256"
MANIFEST: Final = ".manifest"
SIGNATURES: Final = ".signatures.json"
_SHA256: Final = "SHA-256"


class UnsignedBundleError(BundleError):
    """The bundle carries no signature that holds; the message says what is wrong with it."""


def new_key() -> ECKey:
    """Return a new signing key (P-256)."""
    return ECKey.generate_key("P-256", private=True)


def key_id(key: ECKey) -> str:
    """Name a key: the beginning of its RFC 7638 thumbprint, behind our name."""
    return f"guildhall-{key.thumbprint()[:16]}"


def sign_bundle(bundle: Bundle, key: ECKey) -> str:
    """Return the text of ``.signatures.json``; files are named in order, so equal bundles look alike."""
    files = [
        {"name": name, "hash": digest, "algorithm": _SHA256}
        for name, digest in sorted(_hashes(bundle).items())
    ]
    header = {"alg": ALGORITHM, "typ": "JWT", "kid": key_id(key)}
    payload = json.dumps({"files": files, "keyid": key_id(key)}, separators=(",", ":"))
    token = jws.serialize_compact(header, payload, key, algorithms=[ALGORITHM])
    return json.dumps({"signatures": [token]})


def verify_bundle(bundle: Bundle, signatures: str, keys: Mapping[str, ECKey]) -> None:
    """Return when one of ``keys`` (by their id) signed exactly these files.

    Raises:
        UnsignedBundleError: it is unsigned, signed by another key, or a file is another, lacks or was added.
    """
    token = _token(signatures)
    try:
        kid = str(jws.extract_compact(token.encode()).headers().get("kid"))
        if kid not in keys:
            raise UnsignedBundleError("The bundle is signed by another key.")
        signed = json.loads(jws.deserialize_compact(token, keys[kid], algorithms=[ALGORITHM]).payload)
    except (JoseError, ValueError) as error:
        raise UnsignedBundleError("The bundle's signature does not hold.") from error
    _compare(_signed_hashes(signed), _hashes(bundle))


def _token(signatures: str) -> str:
    try:
        (token,) = json.loads(signatures)["signatures"]
    except (ValueError, TypeError, KeyError):
        raise UnsignedBundleError("The bundle carries no signature.") from None
    return str(token)


def _signed_hashes(signed: object) -> Mapping[str, str]:
    try:
        entries = signed["files"]  # type: ignore[index]
        return {entry["name"]: entry["hash"] for entry in entries if entry["algorithm"] == _SHA256}
    except (TypeError, KeyError):
        raise UnsignedBundleError("The bundle's signature names no files.") from None


def _compare(signed: Mapping[str, str], found: Mapping[str, str]) -> None:
    if extra := sorted(found.keys() - signed.keys()):
        raise UnsignedBundleError(f"The signature does not know the file {extra[0]}.")
    if lacking := sorted(signed.keys() - found.keys()):
        raise UnsignedBundleError(f"The bundle lacks the file {lacking[0]}.")
    if other := sorted(name for name, digest in found.items() if signed[name] != digest):
        raise UnsignedBundleError(f"The file {other[0]} is not the one that was signed.")


def _hashes(bundle: Bundle) -> dict[str, str]:
    files = {**bundle.files, MANIFEST: json.dumps(manifest(bundle))}
    return {name: hashlib.sha256(_hashed(name, text)).hexdigest() for name, text in files.items()}


def _hashed(name: str, text: str) -> bytes:
    if not name.endswith(".json") and name != MANIFEST:
        return text.encode()
    return json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
