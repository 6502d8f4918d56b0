"""Who remembers, off this host, how far the log was signed."""
