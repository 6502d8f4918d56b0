import json
from dataclasses import replace

import pytest

from policy.bundles import Bundle, read_bundle, revise
from policy.signing import UnsignedBundleError, key_id, new_key, sign_bundle, verify_bundle

KEY = new_key()
KEYS = {key_id(KEY): KEY}
BUNDLE = read_bundle()


def with_files(**changed: str) -> Bundle:
    return replace(BUNDLE, files={**BUNDLE.files, **changed})


def test_what_was_signed_verifies() -> None:
    verify_bundle(BUNDLE, sign_bundle(BUNDLE, KEY), KEYS)


@pytest.mark.parametrize(
    ("bundle", "sentence"),
    [
        (with_files(**{"extra.rego": "package guildhall.extra"}), "does not know the file extra.rego"),
        (with_files(**{"data.json": "{}"}), "data.json is not the one"),
        (Bundle({"data.json": BUNDLE.files["data.json"]}, BUNDLE.revision), "lacks the file"),
        (Bundle(BUNDLE.files, revise({})), "manifest is not the one"),
    ],
)
def test_case_79_files_that_were_not_signed_are_refused(bundle: Bundle, sentence: str) -> None:
    with pytest.raises(UnsignedBundleError, match=sentence):
        verify_bundle(bundle, sign_bundle(BUNDLE, KEY), KEYS)


def test_case_79_another_key_or_another_keys_name_is_refused() -> None:
    other = new_key()
    with pytest.raises(UnsignedBundleError, match="another key"):
        verify_bundle(BUNDLE, sign_bundle(BUNDLE, other), KEYS)
    with pytest.raises(UnsignedBundleError, match="does not hold"):
        verify_bundle(BUNDLE, sign_bundle(BUNDLE, other), {key_id(other): KEY})


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"signatures":[]}', '{"signatures":["a.b"]}', "null"])
def test_case_79_no_signature_is_refused(text: str) -> None:
    with pytest.raises(UnsignedBundleError):
        verify_bundle(BUNDLE, text, KEYS)


def test_a_signature_of_nothing_named_is_refused() -> None:
    from joserfc import jws  # noqa: PLC0415 - what a forger who holds the key could not even make useful

    token = jws.serialize_compact({"alg": "ES256", "kid": key_id(KEY)}, "[]", KEY, algorithms=["ES256"])
    with pytest.raises(UnsignedBundleError, match="names no files"):
        verify_bundle(BUNDLE, json.dumps({"signatures": [token]}), KEYS)
