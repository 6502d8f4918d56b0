"""May they: permissions, decisions, approvals and the Rego that decides them."""
