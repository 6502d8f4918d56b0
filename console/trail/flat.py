"""Nested content as lines of name and value, for people."""


def flatten(content: object, path: str = "") -> list[tuple[str, str]]:
    """Return nested content as lines: `subject.teams` and its value."""
    if isinstance(content, dict) and content:
        return [line for name, value in content.items() for line in flatten(value, _below(path, name))]
    if isinstance(content, list) and any(isinstance(item, dict | list) for item in content):
        return [line for at, item in enumerate(content) for line in flatten(item, _below(path, str(at)))]
    return [(path, _as_text(content))]


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _as_text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or "none"
    if value is None or value == {}:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)
