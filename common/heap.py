"""Memory that a process no longer needs goes back to the system: a server that runs for months stays as large as its work, not as its
largest moment times its threads.

glibc keeps a heap for each thread that ever asked for memory, each as large as it once was, and gives freed memory back only from a
heap's end. So the heaps are few, Arrow has none of its own beside them, and once a while all of them are looked through, after what
hangs together in circles has been taken apart. Elsewhere than on glibc nothing of the heaps is done.
"""

from __future__ import annotations

import asyncio
import ctypes
import functools
import gc
import os
import sys
from typing import Any, Final

LEAST_HEAPS: Final = 2
"""On machines of more cores one a core, so that threads do not wait for each other."""
EVERY_SECONDS: Final = 60.0
_ARENA_MAX: Final = -8
"""Number of the option in malloc.h."""


@functools.cache
def _library() -> Any:
    """The C library where it is glibc; None elsewhere."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") and hasattr(library, "mallopt") else None


def keep_heaps_few() -> bool:
    """Let all threads and libraries share a few heaps. Returns whether that could be said.

    For the very start of a process: heaps that are there stay, and Arrow chooses where it takes memory from when it is imported. Its own
    choice keeps what each thread has once needed, megabytes a thread, and gives it back to nobody.
    """
    library = _library()
    if library is not None:
        os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    return library is not None and bool(library.mallopt(_ARENA_MAX, max(LEAST_HEAPS, os.cpu_count() or 1)))


def keep_what_is_there() -> int:
    """Let the garbage collector no longer look through what the program consists of; returns how many objects that are.

    A server has a hundred thousand of them from its start to its end. Looking through them takes 50 to 100 ms, now and then, in which it
    answers nobody.
    """
    gc.collect()
    gc.freeze()
    return gc.get_freeze_count()


def give_back() -> bool:
    """Give free memory of all heaps back to the system; milliseconds. Returns whether there was any."""
    gc.collect()  # it comes by itself when there is much new, which after a busy time may be long
    library = _library()
    return library is not None and bool(library.malloc_trim(0))


async def give_back_now_and_then(seconds: float = EVERY_SECONDS) -> None:
    """Give free memory back for ever, in a thread, so that nobody waits for it; to be run as a task."""
    while True:
        await asyncio.sleep(seconds)
        await asyncio.to_thread(give_back)
