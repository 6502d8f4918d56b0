"""The canonical rows of keys and service accounts: ids, codes and times; of a secret not even its digest."""

import hashlib

from console.work import Row
from sso.models import ApiKey, ServiceAccount


def key_row(key: ApiKey) -> Row:
    """Return a key, valid from its making to its end. `proof` changes when somebody changes a digest."""
    digests = f"{key.pepper}:{key.digest}:{key.old_pepper}:{key.old_digest}"
    state = {
        "lookup": key.lookup,
        "owner_id": str(key.owner_id),
        "scopes": key.scopes,
        "routes": key.routes,
        "proof": hashlib.sha256(digests.encode()).hexdigest(),
        "old_end": key.old_end,
        "ends": key.ends,
    }
    return Row("api_key", key.id, state, key.created, key.ends)


def revoked_key_row(key: ApiKey, now: int) -> Row:
    """Return that the key counts no more: as history has it, there is none from `now` on."""
    return Row("api_key", key.id, None, now)


def service_row(account: ServiceAccount) -> Row:
    """Return which team answers for a service account."""
    return Row("service_account", account.id, {"team_id": str(account.team_id)}, account.created)
