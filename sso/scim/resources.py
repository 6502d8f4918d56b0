"""Users and groups as rows, and as the library's resources: what has a column, and what is content."""

import json
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from scim2_models import InvalidValueException, Meta, Reference, Resource
from scim2_models.resources.user import GroupMembership

from sso.models.scim import ScimGroup, ScimUser
from sso.scim.provider import Group, GroupMember, UserResource

COLUMNS: Final = ("id", "meta", "schemas", "userName", "externalId", "active", "password", "groups")
"""What of a user is no content: it has a column, is ours to say, or (the password) is never kept."""
LONGEST: Final = 255
_START: Final = datetime(1970, 1, 1, tzinfo=UTC)


def user_resource(row: ScimUser, groups: Iterable[ScimGroup] = ()) -> Resource[Any]:
    """Return a user as its directory gets it back."""
    found = UserResource.model_validate(json.loads(row.content))
    found.id, found.external_id = str(row.id), row.external_id
    found.user_name, found.active = row.user_name, row.active
    found.meta = _meta("User", row)
    held = [
        GroupMembership(value=str(group.id), ref=Reference(f"Groups/{group.id}"), display=group.display_name)
        for group in groups
    ]
    found.groups = held or None
    return found


def group_resource(row: ScimGroup, members: Iterable[UUID]) -> Resource[Any]:
    """Return a group as its directory gets it back."""
    held = [GroupMember(value=str(one), ref=Reference(f"Users/{one}"), type="User") for one in members]
    return Group(
        id=str(row.id),
        external_id=row.external_id,
        display_name=row.display_name,
        members=held or None,
        meta=_meta("Group", row),
    )


def write_user(row: ScimUser, resource: Resource[Any]) -> None:
    """Take over what a resource says of a user.

    Raises:
        InvalidValueException: a name or id is empty or too long.
    """
    row.user_name = bounded(resource.user_name, "userName")  # type: ignore[attr-defined]
    row.user_key = key_of(row.user_name)
    row.external_id = optional(resource.external_id, "externalId")
    row.active = resource.active  # type: ignore[attr-defined]
    said = resource.model_dump(mode="json", exclude_none=True)
    kept = {name: value for name, value in said.items() if name not in COLUMNS}
    row.content = json.dumps(kept, ensure_ascii=False, sort_keys=True)


def write_group(row: ScimGroup, resource: Resource[Any]) -> None:
    """Take over what a resource says of a group, its members apart.

    Raises:
        InvalidValueException: a name or id is empty or too long.
    """
    row.display_name = bounded(resource.display_name, "displayName")  # type: ignore[attr-defined]
    row.external_id = optional(resource.external_id, "externalId")


def members_of(resource: Resource[Any]) -> frozenset[UUID]:
    """Return the ids of the users a group names.

    Raises:
        InvalidValueException: a member is another group, or no id of ours.
    """
    members = resource.members or []  # type: ignore[attr-defined]
    if any(one.type not in (None, "User") for one in members):
        raise InvalidValueException(detail="Groups in groups are not resolved here; name the people.")
    return frozenset(id_of(one.value) for one in members)


def id_of(text: str | None) -> UUID:
    """Return an id of ours.

    Raises:
        InvalidValueException: it is none.
    """
    try:
        return UUID(text or "")
    except ValueError:
        raise InvalidValueException(detail="A member is named by the id of a user here.") from None


def key_of(name: str) -> str:
    """Return the form in which user names are compared: NFC and lower case, as the library has it."""
    return unicodedata.normalize("NFC", name).lower()


def bounded(value: str | None, name: str) -> str:
    """Return a name with something in it, of at most 255 characters."""
    if value is None or not value.strip() or len(value) > LONGEST or "\0" in value:
        raise InvalidValueException(detail=f"{name} has 1 to {LONGEST} characters.")
    return value


def optional(value: str | None, name: str) -> str | None:
    """Return the same, or None for none."""
    return None if value is None else bounded(value, name)


def person_name(row: ScimUser) -> tuple[str | None, str | None]:
    """Return the name for people and the first address a user's content holds."""
    said: dict[str, Any] = json.loads(row.content)
    parts = said.get("name") or {}
    whole = " ".join(filter(None, [parts.get("givenName"), parts.get("familyName")]))
    addresses = sorted(said.get("emails") or [], key=lambda one: not one.get("primary"))
    email = next((one["value"] for one in addresses if one.get("value")), None)
    name = said.get("displayName") or parts.get("formatted") or whole or None
    return name[:200] if name else None, email[:320] if email else None


def _meta(kind: str, row: ScimUser | ScimGroup) -> Meta:
    return Meta(
        resource_type=kind,
        created=_time(row.created),
        last_modified=_time(row.modified),
        version=version_of(row),
    )


def version_of(row: ScimUser | ScimGroup) -> str:
    """Return the entity tag of a row."""
    return f'W/"{row.version}"'


def _time(microseconds: int) -> datetime:
    return _START + timedelta(microseconds=microseconds)
