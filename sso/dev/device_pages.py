"""The device flow's pages and its first request: a code is typed, then confirmed by choosing a person.

Nothing is let in by an address alone: whoever was sent one must see the code and say that it is theirs.
"""

from collections.abc import Mapping
from secrets import compare_digest

from sso.dev import pages
from sso.dev.devices import LIFETIME, DeviceError, Devices, Waiting
from sso.dev.messages import Reply, json_reply
from sso.dev.people import DemoPerson
from sso.dev.tokens import DEVICE_CLIENT_ID, confirm

LOCKED = "Too many wrong codes were typed. Wait a minute, then try again."
UNKNOWN = "There is no device with this code. Compare it with what your terminal shows."


class DevicePages:
    """Lets devices in that somebody confirms."""

    def __init__(self, devices: Devices, people: Mapping[str, DemoPerson], issuer: str) -> None:
        self._devices = devices
        self._people = people
        self._issuer = issuer

    def authorize(self, form: Mapping[str, str], now: int) -> Reply:
        """Let a device wait (RFC 8628 section 3.1)."""
        if form.get("client_id") != DEVICE_CLIENT_ID:
            return json_reply({"error": "invalid_client"}, 401)
        try:
            waiting = self._devices.begin(DEVICE_CLIENT_ID, now)
        except DeviceError as error:
            return json_reply({"error": error.code}, 400)
        return json_reply(
            {
                "device_code": waiting.device_code,
                "user_code": waiting.user_code,
                "verification_uri": f"{self._issuer}/device",
                "verification_uri_complete": f"{self._issuer}/device?user_code={waiting.user_code}",
                "expires_in": LIFETIME,
                "interval": waiting.interval,
            }
        )

    def get(self, params: Mapping[str, str], now: int) -> Reply:
        """Ask for a code, or to confirm the one in the address."""
        return self._found(params["user_code"], now) if "user_code" in params else _typing()

    def post(self, form: Mapping[str, str], now: int) -> Reply:
        """Take what was typed, or the answer to the confirmation."""
        typed, given = form.get("user_code", ""), form.get("confirmation", "")
        if not given:
            return self._found(typed, now)
        try:
            waiting = self._devices.find(typed, now)
        except DeviceError:
            return Reply(429, pages.message_page("Wait a minute", LOCKED))
        if waiting is None or not compare_digest(waiting.confirmation.encode(), given.encode()):
            return Reply(400, pages.device_page(UNKNOWN))
        return self._decided(waiting, form.get("person", ""), now)

    def _found(self, typed: str, now: int) -> Reply:
        try:
            waiting = self._devices.find(typed, now)
        except DeviceError:
            return Reply(429, pages.message_page("Wait a minute", LOCKED))
        if waiting is None:
            return Reply(400, pages.device_page(UNKNOWN))
        page = pages.device_choice_page(self._people.values(), waiting.user_code, waiting.confirmation)
        return Reply(body=page)

    def _decided(self, waiting: Waiting, handle: str, now: int) -> Reply:
        if handle not in self._people:
            waiting.denied = True
            return Reply(body=pages.message_page("Not let in", "Nobody was signed in on that device."))
        waiting.signed_in = confirm(self._people[handle], step_up=False, now=now)
        return Reply(body=pages.message_page("Signed in", "You can go back to your terminal."))


def _typing() -> Reply:
    return Reply(body=pages.device_page(None))
