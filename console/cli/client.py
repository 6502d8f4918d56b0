"""The command line as a client of a running Guildhall: where it answers, who asks, what a failure means."""

import json
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, Self

import click
import httpx2

from console.cli.device_flow import valid_token
from console.cli.failures import CommandError, UnavailableError, WrongUseError
from console.clock import system_clock
from console.settings import is_loopback
from sso.dev.tokens import issue_token

__all__ = [
    "Client",
    "CommandError",
    "UnavailableError",
    "WrongUseError",
    "explain",
    "open_client",
    "token_option",
]

TIMEOUT_SECONDS: Final = 30.0

Command = Callable[..., Any]


MEANINGS: Final[Mapping[int, type[CommandError]]] = {
    400: WrongUseError,
    422: WrongUseError,
    429: UnavailableError,
}


class Client:
    """Asks one Guildhall as one person. Every failure is a `CommandError`."""

    def __init__(self, url: str, token: str, renew: Callable[[], str | None] | None = None) -> None:
        """Ask the Guildhall at `url` with the bearer `token`; nothing is sent yet.

        `renew` gives another token when this one is refused, once for each request.
        """
        self.url = url
        self._renew = renew
        self._http = httpx2.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=TIMEOUT_SECONDS,
            follow_redirects=False,
            # A proxy set for the outside world must not see calls to this machine.
            trust_env=not is_loopback(httpx2.URL(url).host),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, parameters: Mapping[str, str | int] | None = None) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON answer to a GET."""
        return _read_json(self._send("GET", path, params=dict(parameters or {})))

    def get_bytes(self, path: str) -> bytes:
        """Return the answer to a GET as it is."""
        return self._send("GET", path).content

    def post(self, path: str, body: object = None, *, patience: float = TIMEOUT_SECONDS) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON answer to a POST, None for an empty one, within `patience` seconds."""
        given = {} if body is None else {"json": body}
        return _read_json(self._send("POST", path, timeout=patience, **given))

    def delete(self, path: str, body: object = None) -> None:
        """Send a DELETE."""
        self._send("DELETE", path, **({} if body is None else {"json": body}))

    def send(self, method: str, path: str, **given: Any) -> httpx2.Response:  # noqa: ANN401 - the client's own
        """Return whatever is answered, refusals too."""
        answer = self._request(method, path, **given)
        if answer.status_code == httpx2.codes.UNAUTHORIZED and self._renew and (token := self._renew()):
            self._http.headers["Authorization"] = f"Bearer {token}"
            answer = self._request(method, path, **given)
        return answer

    def _request(self, method: str, path: str, **given: Any) -> httpx2.Response:  # noqa: ANN401 - as above
        try:
            return self._http.request(method, path, **given)
        except httpx2.HTTPError:
            raise UnavailableError(f"There is no answer from {self.url}.") from None

    def _send(self, method: str, path: str, **given: Any) -> httpx2.Response:  # noqa: ANN401 - as above
        answer = self.send(method, path, **given)
        if answer.is_success:
            return answer
        raise explain(answer)


def explain(answer: httpx2.Response) -> CommandError:
    """Return what a refused request means: the problem's own sentence, its fields and its reasons."""
    status = answer.status_code
    default = UnavailableError if status >= httpx2.codes.INTERNAL_SERVER_ERROR else CommandError
    return MEANINGS.get(status, default)(_sentence(answer))


def _sentence(answer: httpx2.Response) -> str:
    try:
        problem = answer.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict) or "detail" not in problem:
        return f"The answer is {answer.status_code}."
    fields, reasons = problem.get("fields"), problem.get("reasons")
    if isinstance(fields, dict) and fields:
        return " ".join(dict.fromkeys(map(str, (problem["detail"], *fields.values()))))
    why = f" ({', '.join(map(str, reasons))})" if isinstance(reasons, list) and reasons else ""
    return f"{problem['detail']}{why}"


def token_option(command: Command) -> Command:
    """Give a command the option `--token`, also read from GUILDHALL_TOKEN."""
    text = "An access token; without one the embedded profile acts as a person of the demo."
    return click.option("--token", envvar="GUILDHALL_TOKEN", help=text)(command)


def open_client(person: str, token: str | None = None) -> Client:
    """Return a client of the Guildhall at GUILDHALL_URL, or of the one that runs here.

    Without `token` it acts as who signed in by `guildhall login`, else, and only on the installation that
    runs from this data folder, as `person` of the demo.

    Raises:
        CommandError: nothing is known to run, or there is no token to use.
    """
    url = server_url()
    if token:
        return Client(url, token)
    if (kept := valid_token(url)) is not None:
        return Client(url, kept, partial(valid_token, url, renew=True))
    return Client(url, _own_token(person, url, read_run_file(data_folder())))


def server_url() -> str:
    """Return the address of the Guildhall to ask.

    Raises:
        UnavailableError: nothing is known to run.
    """
    url = os.environ.get("GUILDHALL_URL") or read_run_file(data_folder()).get("url")
    if not url:
        raise UnavailableError("Nothing runs here: set GUILDHALL_URL, or start `guildhall demo`.")
    return url.rstrip("/")


def data_folder() -> Path:
    """Return the data folder of the installation on this machine."""
    return Path(os.environ.get("GUILDHALL_DATA", "var"))


def read_run_file(data: Path) -> Mapping[str, str | None]:
    """Return what the process that serves from `data` says of itself; empty when none has."""
    try:
        found = json.loads((data / "run.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _own_token(person: str, url: str, running: Mapping[str, str | None]) -> str:
    issuer, key = running.get("issuer"), data_folder() / "dev-idp.key"
    # A development token is for this installation alone: it is never sent to another address.
    if not issuer or url != running.get("url"):
        raise WrongUseError(
            "An access token is needed: run `guildhall login`, give --token or set GUILDHALL_TOKEN."
        )
    return issue_token(key, issuer, person, step_up=False, now=system_clock())


def _read_json(answer: httpx2.Response) -> Any:  # noqa: ANN401 - JSON
    if not answer.content:
        return None
    try:
        return answer.json()
    except ValueError:
        raise UnavailableError("The answer is not JSON: this address is no Guildhall.") from None
