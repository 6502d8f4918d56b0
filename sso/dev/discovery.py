"""What the development provider publishes about itself (OpenID Connect Discovery 1.0 section 3)."""

from typing import Any

from sso.dev.key import ALGORITHM
from sso.dev.tokens import PLAIN_ACR, STEP_UP_ACR

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


def discovery_document(issuer: str) -> dict[str, Any]:
    """Return the metadata of `issuer`."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/jwks",
        "end_session_endpoint": f"{issuer}/end_session",
        "device_authorization_endpoint": f"{issuer}/device_authorization",
        "revocation_endpoint": f"{issuer}/revoke",
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token", DEVICE_GRANT],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "token_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "profile"],
        "acr_values_supported": [PLAIN_ACR, STEP_UP_ACR],
        "authorization_response_iss_parameter_supported": True,
    }
