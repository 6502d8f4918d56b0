"""The first page: what waits for the person, and where to go."""
