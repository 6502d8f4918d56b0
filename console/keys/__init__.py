"""Keys of programs and service accounts: make, list, rotate, revoke, report as leaked."""
