"""Settings of the data path: where clusters and their artifacts are, and the limits of a call."""

from pathlib import Path

from pydantic import Field

from console.sink_settings import Section


class GatewaySettings(Section):
    """Limits of the data path, and the networks clusters may live in."""

    networks: tuple[str, ...] = Field(
        ("127.0.0.0/8", "::1/128"), description="Where clusters may live, as CIDR; others are never reached."
    )
    upstream_timeout_seconds: int = Field(
        30, ge=1, le=600, description="Seconds until a cluster must answer, and between pieces of its answer."
    )
    artifacts: dict[str, Path] = Field(
        default={},
        description="By a cluster's name, the folder in which the console reads the artifacts it serves; "
        "embedded adds the demo's. A version of a model of tier high needs an artifact.",
    )
    body_limit_bytes: int = Field(
        16 * 1024 * 1024, ge=1024, description="The largest request body taken, in bytes."
    )
    spool_limit_bytes: int = Field(
        8 * 1024**3,
        ge=1024**2,
        description="Room for records the worker has not logged: at 80 % a warning, at 90 % no new call.",
    )
