"""Issuers of workload tokens (Kubernetes, CI): asked for, approved by somebody else, listed, revoked."""
