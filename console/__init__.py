"""How people and clients reach Guildhall; the only package that knows the other three."""
