"""SCIM 2.0 (RFC 7643, RFC 7644): a directory tells us who is here, who belongs where, and who has left."""
