"""Alembic trees; imports only the four models modules."""
