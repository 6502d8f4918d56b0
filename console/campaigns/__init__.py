"""Rounds of access review: who still needs what they were given, answered by who answers for it."""
