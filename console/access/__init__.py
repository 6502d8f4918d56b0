"""Access requests: asking, reviewing, and the grants they end in."""
