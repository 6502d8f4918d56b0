"""The claims of mapping rules that mean a SCIM group, by its displayName or its externalId."""

from typing import Final

BY_NAME: Final = "scim:group"
BY_EXTERNAL_ID: Final = "scim:group-id"
SCIM_CLAIMS: Final = frozenset({BY_NAME, BY_EXTERNAL_ID})
