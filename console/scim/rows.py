"""The canonical row of a SCIM credential: what it may be used for, and until when. No secret, no name."""

from console.work import Row
from sso.models import ScimCredential


def credential_row(credential: ScimCredential, now: int, *, gone: bool = False) -> Row:
    """Return a credential as history keeps it, or its end."""
    state = {
        "issuer": credential.issuer,
        "subject_from": credential.subject_from.value,
        "groups_as": credential.groups_as.value,
        "token_id": credential.token_id,
        "verifier": credential.verifier,
        "change_id": str(credential.change_id),
        "expires": credential.expires,
    }
    return Row("scim_credential", credential.id, None if gone else state, now)
