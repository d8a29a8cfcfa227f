"""Ending a command with its exit code whatever threads of libraries still run: Polars' and Arrow's abort the process now and then when the
interpreter is taken down under them (exit code 134)."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import sys
import threading
from typing import NoReturn

_USED_HERE = ("polars", "pyarrow")


def leave(code: int) -> NoReturn:
    """End the process: what is registered for its end is run and everything written is flushed, then nothing else is taken down."""
    if not any(name in sys.modules for name in _USED_HERE):
        sys.exit(code)
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    with contextlib.suppress(Exception):
        atexit._run_exitfuncs()
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code & 0xFF if os.name != "nt" else code)
