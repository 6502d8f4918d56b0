"""SCIM over our tables: the door at `/scim/v2`, what a directory may write there, and its credentials."""
