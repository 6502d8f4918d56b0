"""Settings of those who vouch for the log from outside: keepers of heads, witnesses, time stamps."""

from pathlib import Path

from pydantic import Field, field_validator

from audit.checkpoints.note import ED25519, parse_any_vkey
from audit.errors import NoteError
from console.sink_settings import AUTHORITIES, NETWORKS, Section


class WitnessSettings(Section):
    """A witness that speaks C2SP tlog-witness, such as `guildhall audit witness` on another host."""

    url: str = Field(description="Its submission prefix, the address before `/add-checkpoint`.")
    vkey: str = Field(description="Its verifier key, as it prints it at its start; it is no secret.")
    networks: tuple[str, ...] = Field((), description=NETWORKS)
    ca_file: Path | None = Field(None, description=AUTHORITIES)

    @field_validator("vkey")
    @classmethod
    def _check_vkey(cls, vkey: str) -> str:
        try:
            kind = parse_any_vkey(vkey).kind
        except NoteError as error:
            raise ValueError(str(error)) from None
        if kind == ED25519:
            raise ValueError("The key is a log's, not a witness's (kind 0x04 or 0x06)")
        return vkey


class TimestampSettings(Section):
    """A time stamp authority (RFC 3161) that stamps checkpoints."""

    url: str = Field(description="The authority's address.")
    ca_file: Path = Field(description="PEM file of the authority's root certificate; tokens must lead to it.")
    every_minutes: int = Field(60, ge=1, le=1440, description="Minutes between two stamps of a growing log.")
    networks: tuple[str, ...] = Field((), description=NETWORKS)


class HeadSettings(Section):
    """Who remembers, off this host, how far the log was signed."""

    folder: Path | None = Field(
        None, description="A folder off this host, such as a write-once mount, where heads are kept as files."
    )
    elasticsearch: bool = Field(
        default=True, description="Whether heads are kept in Elasticsearch, when it is configured as a sink."
    )
    every_seconds: int = Field(10, ge=1, le=600, description="Seconds between two heads handed to a keeper.")


def trust_mistakes(witnesses: tuple[WitnessSettings, ...], quorum: int) -> list[str]:
    """Return what cannot be right about the witnesses, one sentence each."""
    found = []
    if quorum > max(1, len(witnesses)):
        found.append(f"Setting audit.witness_quorum is {quorum}, but there are {len(witnesses)} witnesses.")
    if len({one.vkey for one in witnesses}) < len(witnesses):
        found.append("Setting audit.witnesses names one key twice; a witness counts once.")
    return found
