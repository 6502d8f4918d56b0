"""Entries as syslog messages: RFC 5424, framed by octet counting (RFC 6587 section 3.4.1, RFC 5425).

Facility 13 is the log audit. Index, leaf hash and log stand in structured data, so that a receiver which does
not read the message can drop what it holds already; the message itself is the document. The enterprise number
is the one RFC 5612 sets aside for documentation: structured data of a log that belongs to nobody's registry.
"""

import re
from collections.abc import Mapping
from typing import Final

from audit.sinks.laid import Laid

FACILITY: Final = 13
ERROR, WARNING, NOTICE, INFORMATIONAL = 3, 4, 5, 6
SEVERITIES: Final[Mapping[str, int]] = {
    "success": INFORMATIONAL,
    "denied": NOTICE,
    "failure": WARNING,
    "unknown": WARNING,
}
SD_ID: Final = "guildhall@32473"
APP_NAME: Final = "guildhall"
NIL: Final = "-"
_MSGID_LENGTH: Final = 32
_HOSTNAME_LENGTH: Final = 255
_UNPRINTABLE: Final = re.compile(r"[^!-~]")
_ESCAPED: Final = re.compile(r'(["\\\]])')


def frame(laid: Laid, *, origin: str) -> bytes:
    """Return the entry as one frame: the message's length in octets, a space, the message."""
    message = write_message(laid, origin=origin)
    return b"%d %s" % (len(message), message)


def write_message(laid: Laid, *, origin: str) -> bytes:
    """Return the entry as one RFC 5424 message, its host the first part of the log's ``origin``."""
    fields = laid.fields
    priority = FACILITY * 8 + SEVERITIES.get(str(fields.get("outcome")), ERROR)
    host = _header(origin.partition("/")[0], _HOSTNAME_LENGTH)
    action = _header(str(fields.get("action", "")), _MSGID_LENGTH)
    time = fields.get("time", NIL)
    elements = {"sequence": str(laid.entry.index), "hash": laid.entry.leaf.hex(), "log": origin}
    header = f"<{priority}>1 {time} {host} {APP_NAME} {NIL} {action} {_structured(elements)} "
    return header.encode() + laid.to_json()


def _header(text: str, length: int) -> str:
    return _UNPRINTABLE.sub("_", text)[:length] or NIL


def _structured(elements: Mapping[str, str]) -> str:
    parameters = " ".join(f'{name}="{_escape(value)}"' for name, value in elements.items())
    return f"[{SD_ID} {parameters}]"


def _escape(value: str) -> str:
    return _ESCAPED.sub(r"\\\1", value)
