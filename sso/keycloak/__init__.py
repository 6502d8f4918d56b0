"""Keycloak's own interface, where OpenID Connect alone is not enough; never used to check tokens."""
