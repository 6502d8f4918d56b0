"""Which engine decides, how it is reached, and what happens when it fails."""

from typing import Final, Literal

from pydantic import Field, SecretStr

from console.sink_settings import Section

ENGINE_TOKEN_CHARACTERS: Final = 32


class PolicySettings(Section):
    """Which engine decides."""

    engine: Literal["embedded", "opa"] = Field(
        "embedded", description="`embedded`: Rego in a worker process of ours; `opa`: an OPA server."
    )
    opa_url: str | None = Field(None, description="The OPA server's address; needed with `opa`.")
    opa_token: SecretStr | None = Field(
        None, description="The bearer token the OPA server asks us for, a secret; none: it asks for none."
    )
    engine_token: SecretStr | None = Field(
        None,
        description="The bearer token OPA servers come with to fetch the signed bundle and to report, a "
        "secret of at least 32 characters; none: nobody fetches.",
    )
    fallback: Literal["none", "embedded"] = Field(
        "none",
        description="`embedded`: when the OPA server fails, the embedded engine decides at the same "
        "revision, and records say so; `none`: then nothing is decided, so everything is refused.",
    )
    opa_program: str = Field(
        "opa",
        description="The `opa` program that measures how much of a draft its tests run: a name on the PATH, "
        "or a path; where there is none, pages say so.",
    )
    deadline_milliseconds: int = Field(
        1000, ge=50, le=3000, description="A decision later than this is a refusal with policy_timeout."
    )


def policy_mistakes(settings: PolicySettings) -> list[str]:
    """Return what is wrong with them, one sentence each."""
    if settings.engine == "opa" and not settings.opa_url:
        return ["Setting policy.opa_url is missing: the engine `opa` needs the address of an OPA server."]
    token = settings.engine_token
    if token is not None and len(token.get_secret_value()) < ENGINE_TOKEN_CHARACTERS:
        return ["Setting policy.engine_token is too short: take 32 random characters or more."]
    return []
