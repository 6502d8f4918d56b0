from litestar.datastructures import Headers
from litestar.testing import RequestFactory

from console.web.request import ConsoleRequest, read_htmx


def test_a_plain_request_is_not_htmx() -> None:
    said = read_htmx(Headers({"hx-target": "tr#more", "hx-request-type": "partial"}))
    assert not said
    assert (said.partial, said.target, said.source, said.current_url) == (False, None, None, None)


def test_a_partial_request_names_elements_by_id() -> None:
    headers = {
        "hx-request": "true",
        "hx-request-type": "partial",
        "hx-source": "a",
        "hx-target": "tr#more%20rows",
        "hx-current-url": "http://127.0.0.1/models",
    }
    said = read_htmx(Headers(headers))
    assert said
    assert said.partial
    assert said.source is None
    assert said.target == "more rows"
    assert said.current_url == "http://127.0.0.1/models"


def test_full_and_history_requests_want_the_whole_page() -> None:
    assert not read_htmx(Headers({"hx-request": "true", "hx-request-type": "full"})).partial
    restoring = {"hx-request": "true", "hx-request-type": "partial", "hx-history-restore-request": "true"}
    assert not read_htmx(Headers(restoring)).partial
    assert read_htmx(Headers(restoring)).restoring_history


def test_console_request_carries_it() -> None:
    plain = RequestFactory().get("/", headers={"HX-Request": "true"})
    assert ConsoleRequest(plain.scope).htmx.request
