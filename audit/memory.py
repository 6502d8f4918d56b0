"""Memory that is used again instead of being given back: a pass of the worker needs what the last one freed.

glibc would give the blocks of a chunk back to the kernel, which clears them anew for the next, and would keep
an arena for each thread that ever asked: what one thread reads and another frees is then locked and merged
each time. Where the allocator is another one, nothing is changed.
"""

import ctypes
from typing import Final

_MIB: Final = 1 << 20
# mallopt(3), <malloc.h>
_OPTIONS: Final = {
    -8: 1,  # M_ARENA_MAX
    -3: 32 * _MIB,  # M_MMAP_THRESHOLD
    -1: 128 * _MIB,  # M_TRIM_THRESHOLD
    -2: 16 * _MIB,  # M_TOP_PAD
}


def keep_freed_memory() -> None:
    """Let this process use freed memory again, up to 128 MiB of it."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another C library, or Windows
        return
    for option, value in _OPTIONS.items():
        mallopt(option, value)
