"""One file per kind of server: how a governed call becomes a request to it, and what of its answer passes."""
