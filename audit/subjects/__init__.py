"""One key per subject, in a store of their own: made, kept, backed up, destroyed."""
