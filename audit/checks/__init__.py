"""What the worker looks over by itself: counts, rows and the stored log."""
