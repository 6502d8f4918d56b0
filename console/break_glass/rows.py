"""The canonical rows of break glass: what history keeps of credentials and uses. Never the digest's key."""

from console.work import Row
from sso.models import BreakGlass, SealedCredential


def sealed_row(credential: SealedCredential, now: int, *, gone: bool = False) -> Row:
    """Return a sealed credential, or its end; a changed digest or holder is found out."""
    state = {
        "person_id": str(credential.person_id),
        "digest": credential.digest,
        "spent": credential.spent,
    }
    return Row("sealed_credential", credential.id, None if gone else state, now)


def use_row(use: BreakGlass, now: int) -> Row:
    """Return a use as it stands."""
    state = {
        "person_id": str(use.person_id),
        "credential_id": str(use.credential_id),
        "opened": use.opened,
        "ends": use.ends,
        "closed": use.closed,
        "admitted_id": str(use.admitted_id) if use.admitted_id else None,
        "reviewed": use.reviewed,
        "reviewed_by": str(use.reviewed_by) if use.reviewed_by else None,
    }
    return Row("break_glass", use.id, state, now)
