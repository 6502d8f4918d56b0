"""Witnesses (https://c2sp.org/tlog-witness): strangers who see the log grow, and sign that it only grew."""
