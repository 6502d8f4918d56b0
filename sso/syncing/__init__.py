"""Bringing our tables in line with a directory: what it says, what we hold, and the difference."""
