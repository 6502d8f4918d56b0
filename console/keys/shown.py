"""Keys and service accounts as they are told of: never a digest, never a secret."""

import json

from console.changes.forms import Someone
from console.clock import to_text
from console.keys.facts import Owner
from console.keys.forms import KeyRead
from sso.keys.form import PREFIX
from sso.keys.store import why_refused
from sso.models import ApiKey

STATES = {None: "active", "key_ended": "ended", "key_revoked": "revoked", "key_owner_gone": "owner_gone"}


def key_read(key: ApiKey, owner: Owner, last_used: int | None, now: int) -> KeyRead:
    """Return a key as its owner, a team's owner or an admin sees it."""
    graced = key.old_end if key.old_end and key.old_end > now else None
    return KeyRead(
        id=key.id,
        starts_with=f"{PREFIX}{key.lookup}_",
        name=key.name,
        owner=Someone(id=owner.person.id, handle=owner.profile.handle, name=owner.profile.name),
        owner_kind=owner.person.kind.value,
        team=owner.team.name if owner.team else None,
        scopes=json.loads(key.scopes),
        routes=json.loads(key.routes) if key.routes else None,
        state=STATES[why_refused(key, owner.person, now)],
        created=to_text(key.created),
        ends=to_text(key.ends),
        last_used=to_text(last_used) if last_used else None,
        old_secret_ends=to_text(graced) if graced else None,
        revoked_at=to_text(key.revoked_at) if key.revoked_at else None,
        revoke_reason=key.revoke_reason,
    )
