"""Rows that no recorded act explains: found by comparing tables, history and log; absent until settled."""
