import pytest
from pydantic import ValidationError

from sso.settings import IssuerSettings, is_loopback


@pytest.mark.parametrize(
    "url", ["https://id.example/realms/x", "http://127.0.0.1:8400/dev-idp", "http://[::1]:8/x"]
)
def test_trustworthy_issuers(url: str) -> None:
    assert IssuerSettings(url=url).url == url


@pytest.mark.parametrize(
    "url",
    [
        *("http://id.example", "https://a:b@id.example", "https://id.example?x=1", "https://id.example#x"),
        *("ftp://x", "", "id.example"),
    ],
)
def test_issuers_nobody_should_trust(url: str) -> None:
    with pytest.raises(ValidationError, match="https"):
        IssuerSettings(url=url)


@pytest.mark.parametrize("change", [{"algorithms": ["none"]}, {"algorithms": ["HS256"]}, {"algorithms": []}])
def test_only_asymmetric_algorithms_can_be_pinned(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        IssuerSettings(url="https://id.example", **change)  # type: ignore[arg-type]


@pytest.mark.parametrize("change", [{"scopes": ("profile",)}, {"step_up_acr": ()}, {"unknown": 1}])
def test_other_mistakes(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        IssuerSettings(url="https://id.example", **change)  # type: ignore[arg-type]


def test_the_secret_does_not_show() -> None:
    settings = IssuerSettings(url="https://id.example", client_secret="hush")  # type: ignore[arg-type]

    assert "hush" not in repr(settings)


@pytest.mark.parametrize(
    ("host", "local"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("10.0.0.1", False)]
)
def test_loopback(host: str, local: bool) -> None:
    assert is_loopback(host) is local
