"""Who: principals, sign-in, sessions, tokens and the directory."""
