"""No path reaches an operation it should not: not by encoding, dots, doubled slashes or other alphabets."""

import re
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.asgi import Message, Scope
from console.catalog.names import is_route_name, upstream_path
from console.gateway.adapters import v2
from console.gateway.app import Gateway
from console.gateway.table import GOVERNED, OPEN, Match, match
from console.gateway.upstream import Target, encode_request
from console.services import Services

# An oracle of its own: a route's path as the contract writes it, character by character.
LITERAL = re.compile(
    r"/v2/models/([a-z0-9][a-z0-9-]{0,31}\.[a-z0-9][a-z0-9._-]{0,63})(/versions/([^/]+))?(/infer|/ready|)"
)
PIECES = ["v2", "models", "risk.credit-default", "versions", "1", "infer", "ready", "load", "repository", ""]
NOISE = ["%2f", "%2F", "%2e", "%2e%2e", "..", ".", "//", "\\", "%5c", "%00", "\x00", ";", "?", "#", "%", " "]
UNICODE = ["\uff0f", "\u2215", "\u2024", "\u202e", "\u00e4", "\u0131nfer", "\uff49nfer", "\u212a"]


def paths() -> st.SearchStrategy[str]:
    """Paths near the governed ones, and far from them."""
    piece = st.sampled_from([*PIECES, *NOISE, *UNICODE]) | st.text(max_size=6)
    return st.lists(piece, max_size=9).map("/".join).map("/".__add__) | st.text(max_size=40)


@given(st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "get", "OPTIONS"]), paths())
def test_only_paths_as_written_reach_an_operation(method: str, path: str) -> None:
    found = match(method, path)
    if found is None or not is_route_name(found.model):
        return
    literal = LITERAL.fullmatch(path)
    assert literal is not None
    assert (literal[1], literal[3], literal[4]) == (found.model, found.version, found.operation.suffix)
    assert method == ("POST" if literal[4] == "/infer" else "GET")


@given(st.sampled_from(["risk.credit-default", "a.b", "a.b.c_d-9"]), st.sampled_from([None, "1", "1.0+b"]))
def test_every_route_reaches_each_of_its_operations(model: str, version: str | None) -> None:
    base = f"/v2/models/{model}" + (f"/versions/{version}" if version else "")
    for operation in GOVERNED:
        assert match(operation.method, base + operation.suffix) == Match(operation, model, version)


@pytest.mark.parametrize(
    "path",
    [
        "/v2/models/risk.credit-default//infer",
        "//v2/models/risk.credit-default/infer",
        "/v2//models/risk.credit-default/infer",
        "/v2/models/risk.credit-default/infer/",
        "/v2/models/risk.credit-default/infer/../ready",
        "/v2/models/risk.credit-default/versions//infer",
        "/v2/models/risk.credit-default/versions/1/versions/2/infer",
        "/v2/models//infer",
        "/v2/repository/models/credit-default/load",
        "/V2/models/risk.credit-default/infer",
        "/v2/models/risk.credit-default/infer\n",
        "/v2/models/risk.credit-default%2Finfer/x",
    ],
)
def test_what_is_nearly_a_path_is_none(path: str) -> None:
    assert match("POST", path) is None


@given(paths(), st.sampled_from(["1", "2..", "a b", "1/../2", "%2e"]))
def test_nothing_a_cluster_or_caller_says_leaves_its_place_in_the_request(name: str, version: str) -> None:
    path = v2.path_of(name, version, "/infer")
    line = encode_request("POST", path, Target("127.0.0.1", 9), [], b"").split(b"\r\n")[0].decode()
    assert line == f"POST {path} HTTP/1.1"
    _, root, models, held, *rest = path.split("/")
    assert (root, models, rest) == ("v2", "models", ["versions", quote(version, safe=""), "infer"])
    assert unquote(held) == name
    assert upstream_path(name, version) + "/infer" == path


@given(
    st.dictionaries(
        st.sampled_from(
            [b"content-type", b"accept", b"content-encoding", b"authorization", b"cookie", b"x-a"]
        ),
        st.binary(max_size=300),
    )
)
def test_only_three_headers_go_in_and_none_breaks_a_line(headers: dict[bytes, bytes]) -> None:
    passed = v2.request_headers(headers, has_body=True)
    assert {name for name, _ in passed} <= set(v2.PASSED_IN)
    assert not any(b"\r" in value or b"\n" in value or len(value) > 200 for _, value in passed)


@given(st.binary(max_size=60) | st.sampled_from([b"Application/JSON; charset=x", b"text/html", b""]))
def test_an_answer_has_one_of_three_types(said: bytes) -> None:
    assert v2.answer_type(said) in {b"application/json", b"application/octet-stream", b"text/event-stream"}


def test_each_open_path_says_why() -> None:
    assert set(OPEN) == {"/v2", "/v2/health/live", "/v2/health/ready"}
    assert all(OPEN.values())


@pytest.mark.parametrize("raw", [b"/v2%2Fhealth/live", b"/v2/health%2Flive", b"/%76%32/health/live", b"/v2/"])
async def test_an_encoded_path_is_not_taken_for_an_open_one(services: Services, raw: bytes) -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    scope: Scope = {"type": "http", "method": "GET", "path": unquote(raw.decode()), "raw_path": raw}
    await Gateway(services)({**scope, "headers": []}, receive, send)
    assert sent[0]["status"] == 401
