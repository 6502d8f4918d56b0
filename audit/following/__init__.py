"""How the log is handed to its followers, and how their copies are compared with it."""
