"""What the console needs in a Keycloak: said as documents, compared with what is there, and made."""
