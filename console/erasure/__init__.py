"""Erasing a person: their rows, their words, their keys, and what databases keep of all that."""
