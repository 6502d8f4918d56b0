"""The catalog: clusters, what they serve, models, versions and the routes callers use."""
