from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.catalog.names import (
    MODEL,
    is_route_name,
    is_upstream_name,
    is_upstream_version,
    is_version_label,
    route_name,
    upstream_path,
)
from console.errors import InvalidInputError

NASTY = st.one_of(
    st.text(max_size=130),
    st.text(alphabet="abcXYZ019./\\%?#:@ _+-~\n\r\t\0&;=<>\"'", max_size=130),
    st.from_regex(r"[A-Za-z0-9 ._:/+-]{1,110}", fullmatch=True),
)


@pytest.mark.slow
@given(NASTY, NASTY)
def test_no_upstream_name_or_version_leaves_its_segment(name: str, version: str) -> None:
    if not (is_upstream_name(name) and is_upstream_version(version)):
        return
    path = upstream_path(name, version)
    segments = path.split("/")
    assert segments[:4] == ["", "v2", "models", segments[3]]
    assert segments[4:] == (["versions", segments[5]] if version else [])
    # Also where a server decodes the path before it routes it, as most do.
    assert unquote(path).count("/") == path.count("/")
    assert "/../" not in f"{unquote(path)}/"
    assert "/./" not in f"{unquote(path)}/"
    assert unquote(segments[3]) == name
    assert urlsplit(f"http://host{path}").path == path
    assert path.isascii()
    assert path.isprintable()
    assert " " not in path
    assert len(name) <= 100
    assert len(version) <= 64


ABSURD: tuple[object, ...] = (
    *(
        "",
        "..",
        "a..b",
        "a/b",
        "a/versions/2",
        "%2e%2e",
        "a%2fb",
        "a?b",
        "a#b",
        "a\\b",
        "\u00e9",
        "a\n",
        " a",
        "a ",
    ),
    *("<script>alert(1)</script>", "-a", ".", "a" * 101, None, 1, True, ["a"], {"a": 1}),
)


@pytest.mark.parametrize("name", ABSURD)
def test_absurd_names_are_left_alone(name: object) -> None:
    assert not is_upstream_name(name)


OTHERS: tuple[object, ...] = (None, 1, 1.5, True, [], {})


def test_a_version_fits_its_column() -> None:
    assert is_upstream_version("")
    assert is_upstream_version("v" * 64)
    assert not is_upstream_version("v" * 65)
    assert not any(is_upstream_version(given) for given in OTHERS)


@given(
    st.from_regex(r"[a-z0-9][a-z0-9-]{0,31}", fullmatch=True),
    st.one_of(st.text(max_size=70), st.from_regex(r"[a-z0-9][a-z0-9._-]{0,66}", fullmatch=True)),
)
def test_a_route_name_is_split_at_the_first_dot(namespace: str, model: str) -> None:
    if MODEL.fullmatch(model):
        name = route_name(namespace, model)
        assert name.partition(".") == (namespace, ".", model)
        assert is_route_name(name)
        assert len(name) <= 97
        return
    assert not is_route_name(f"{namespace}.{model}")
    with pytest.raises(InvalidInputError) as error:
        route_name(namespace, model)
    assert set(error.value.fields) == {"name"}


@given(st.text(max_size=40))
def test_a_namespace_holds_no_dot(namespace: str) -> None:
    if "." in namespace or not namespace:
        with pytest.raises(InvalidInputError) as error:
            route_name(namespace, "model")
        assert "namespace" in error.value.fields


@pytest.mark.parametrize("name", ["risk", ".x", "risk.", "Risk.x", "risk.X", "risk.x\n", "a" * 33 + ".x"])
def test_other_texts_are_no_route(name: str) -> None:
    assert not is_route_name(name)


@pytest.mark.parametrize(("label", "fits"), [("1.0+a_B-2", True), (".", False), ("a..b", False), ("", False)])
def test_a_label_is_one_segment(label: str, fits: bool) -> None:
    assert is_version_label(label) is fits
