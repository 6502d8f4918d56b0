"""Every attack that must fail, by its number; a case that nobody tries fails the build.

A test of case 7 is called `test_case_07_…`, wherever it lies; a test of another name stands in `ELSEWHERE` as
`path::function`. Whoever brings the part that a case attacks takes its number out of `TO_COME`.
"""

from typing import Final

CASES: Final = {
    1: "an ID token without a signature",
    2: "an ID token signed by another key",
    3: "the published RSA key used as a shared secret",
    4: "another issuer in the token or in the metadata",
    5: "another audience, or none",
    6: "an ID token without subject, issue or end",
    7: "another nonce, or none",
    8: "another access token's hash",
    9: "no key name among several keys; rotated keys; a flood of unknown names",
    10: "an unknown critical header, or a key brought along",
    11: "a callback replayed, of another browser, or too late",
    12: "an answer of another issuer",
    13: "an error answer that carries markup",
    14: "a token answer without an ID token",
    16: "no code verifier, or a plain one",
    17: "a way back that leads to another site",
    19: "an address of mail that is somebody else's",
    21: "more groups than the provider sends, and very many",
    23: "a group taken away at the provider; a person disabled there",
    24: "the development provider in the open",
    25: "a session id planted before the sign-in",
    26: "a session table that was stolen",
    27: "a forged or replayed logout token",
    28: "one logout token for three sessions",
    30: "a form sent from another site or session",
    32: "a session past its end; a clock moved back",
    34: "an old session after a password was reset or a role lost",
    35: "forwarding headers of a peer that nobody trusts",
    37: "a page framed, sniffed, or scripted by a name it shows",
    38: "an open answer outliving the right to it",
    39: "a key with more than its maker may",
    40: "a key in the address; a key whose owner is gone",
    42: "another token than an access token as bearer",
    43: "a token read without its signature",
    44: "a workload token of another workload",
    45: "a proof of possession replayed, or for another request",
    46: "guessed device codes; polling too fast; a stranger's device",
    47: "a token exchanged for a wider audience",
    48: "secrets in logs, error pages, exports and representations",
    49: "a door that nobody guards",
    50: "an act through another door than its check stands at",
    51: "a key or service account of another team",
    53: "a body with more than is asked for",
    54: "lists, counts and searches that show more than one may see",
    56: "a path that looks like one that is open",
    58: "a sort or filter by a column nobody offered",
    59: "digests and secrets in an answer",
    61: "an own change approved by a key, a service account, another account or a deputy",
    62: "an answer for content that nobody saw, or for an old one that came back",
    63: "an approval whose giver lost the role, or the deputy's errand, before it was carried out",
    64: "a quorum of two groups met by one of them",
    66: "an answer without a fresh sign-in, or with one that has signed",
    68: "a rule changed by those whom it would empower, or decided by itself",
    69: "a request whose history is made to go",
    67: "a step-up that the browser left out, or the provider does not know",
    70: "break glass unarmed, past its end, or beyond its list",
    73: "a policy that aborts, loops or takes all memory",
    74: "a built-in that is missing, under a negation",
    76: "one caller given the answer to another's question",
    77: "an answer that is undefined, of another type, late, or none",
    78: "a policy path that leads elsewhere",
    79: "a bundle unsigned, tampered with, signed by another key, older, or with one file more",
    80: "an OPA server on an old revision, or gone",
    81: "an engine's doors without the token, a report that unpacks to a gigabyte, forged decisions",
    82: "a policy that reaches for the network or the environment",
    83: "a cluster's address that leads to ourselves or inside",
    85: "a name or an artifact's path that leads elsewhere, or a link",
    86: "an address of another kind, or with a user in it",
    88: "the directory interface without its token",
    89: "a directory entry that would take another's place",
    91: "a person deactivated with approvals, sessions and keys open",
    92: "a script or a link that does something, in text for people",
}
"""Numbered as in the catalogue of attacks."""

TO_COME: Final[frozenset[int]] = frozenset()
"""Cases whose part is not built yet."""

SECURITY: Final = "tests/console/test_security.py::"
ADDRESSES: Final = "tests/console/catalog/test_addresses.py::"
ELSEWHERE: Final = {
    30: (
        f"{SECURITY}test_a_form_without_a_token_is_refused",
        f"{SECURITY}test_the_token_of_another_session_is_refused",
        f"{SECURITY}test_a_token_in_a_body_that_is_no_form_is_refused",
        f"{SECURITY}test_a_form_from_another_site_is_refused_whatever_its_token",
    ),
    35: (f"{SECURITY}test_forwarding_headers_are_believed_from_no_one",),
    42: (f"{SECURITY}test_an_id_token_is_no_bearer",),
    83: (
        f"{ADDRESSES}test_an_address_outside_is_refused_in_whatever_form",
        f"{ADDRESSES}test_our_own_ports_and_our_services_are_never_clusters",
        f"{ADDRESSES}test_a_socket_that_led_to_us_after_all_is_noticed",
    ),
    85: ("tests/console/catalog/test_names.py::test_no_upstream_name_or_version_leaves_its_segment",),
    86: (f"{ADDRESSES}test_what_is_no_plain_address_is_refused",),
    92: (
        "tests/console/web/test_markdown.py::test_hostile_text_has_no_effect",
        "tests/console/web/test_markdown.py::test_no_text_brings_an_element_or_attribute_of_its_own",
    ),
}

SIGN_IN: Final = "tests/sso/test_attack_sign_in.py::test_case_"
LOGOUT: Final = "tests/sso/test_attack_logout.py::test_"
_CLIENT: Final = "oidcc-client-test-"
_LOGOUT: Final = f"{_CLIENT}rp-backchannel-rpinitlogout"
CONFORMANCE: Final = {
    f"{_CLIENT}idtoken-sig-none": f"{SIGN_IN}01_unsigned_id_token",
    f"{_CLIENT}invalid-sig-rs256": f"{SIGN_IN}02_signed_by_another_key",
    f"{_CLIENT}invalid-sig-es256": f"{SIGN_IN}02_signed_by_another_key",
    f"{_CLIENT}invalid-sig-hs256": f"{SIGN_IN}03_public_key_as_shared_secret",
    f"{_CLIENT}invalid-iss": f"{SIGN_IN}04_another_issuer_in_the_id_token",
    f"{_CLIENT}discovery-issuer-mismatch": f"{SIGN_IN}04_another_issuer_in_the_metadata",
    f"{_CLIENT}invalid-aud": f"{SIGN_IN}05_another_audience",
    f"{_CLIENT}missing-aud": f"{SIGN_IN}05_another_audience",
    f"{_CLIENT}missing-sub": f"{SIGN_IN}06_missing_claims",
    f"{_CLIENT}missing-iat": f"{SIGN_IN}06_missing_claims",
    f"{_CLIENT}nonce-invalid": f"{SIGN_IN}07_nonce",
    f"{_CLIENT}invalid-athash": f"{SIGN_IN}08_access_token_hash",
    f"{_CLIENT}kid-absent-single-jwks": f"{SIGN_IN}09_no_key_id_with_one_key_is_fine",
    f"{_CLIENT}kid-absent-multiple-jwks": f"{SIGN_IN}09_no_key_id_with_several_keys",
    f"{_CLIENT}signing-key-rotation": (
        "tests/sso/test_attack_keycloak.py::"
        "test_case_09_a_key_rotated_at_keycloak_is_found_and_a_withdrawn_one_believed_no_more"
    ),
    f"{_CLIENT}signing-key-rotation-just-before-signing": f"{SIGN_IN}09_a_rotated_key_is_found",
    _LOGOUT: f"{LOGOUT}an_honest_logout_token_is_believed",
    f"{_LOGOUT}-alg-none": f"{LOGOUT}case_27_unsigned_or_signed_by_another",
    f"{_LOGOUT}-wrong-alg": f"{LOGOUT}case_27_unsigned_or_signed_by_another",
    f"{_LOGOUT}-wrong-iss": f"{LOGOUT}case_27_wrong_claims",
    f"{_LOGOUT}-wrong-aud": f"{LOGOUT}case_27_wrong_claims",
    f"{_LOGOUT}-no-event": f"{LOGOUT}case_27_wrong_claims",
    f"{_LOGOUT}-wrong-event": f"{LOGOUT}case_27_wrong_claims",
    f"{_LOGOUT}-with-nonce": f"{LOGOUT}case_27_wrong_claims",
}
"""By the name of a module for relying parties of the OpenID conformance suite: our test that asks the same.

The suite itself is a server with a database; our hostile provider behaves as its modules do.
"""
