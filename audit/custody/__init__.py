"""What is kept, for how long, what holds it, and how it is removed with a tombstone in the log."""
