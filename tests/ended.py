"""Whether a process has ended, whoever collects it and however soon."""

import psutil  # type: ignore[import-untyped]


def has_ended(pid: int) -> bool:
    """Return whether it is gone, or only waits for somebody to ask how it ended."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
