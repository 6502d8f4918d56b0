"""The data path: a bare ASGI callable that knows who calls, decides, records, forwards and records again."""
