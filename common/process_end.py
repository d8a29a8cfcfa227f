"""Ending a command with its exit code whatever threads of libraries still run: Polars' and Arrow's abort the process now and then when the
interpreter is taken down under them (exit code 134)."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

from common.exit_codes import ExitCode

_USED_HERE = ("polars", "pyarrow")


def leave(code: int) -> NoReturn:
    """End the process: what is registered for its end is run and everything written is flushed, then nothing else is taken down."""
    if not any(name in sys.modules for name in _USED_HERE):
        sys.exit(code)
    with contextlib.suppress(Exception):
        _end_threads()
    with contextlib.suppress(Exception):
        atexit._run_exitfuncs()
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code & 0xFF if os.name != "nt" else code)


def run_and_leave(main: Callable[[], Any]) -> NoReturn:
    """Run the function of a program and end the process with its exit code; None is 0, an error that nobody took is told and is 1."""
    try:
        code = main() or 0
    except SystemExit as ending:
        code = _code_of(ending.code)
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    except BaseException:
        traceback.print_exc()
        code = 1
    leave(code)


def _code_of(said: object) -> int:
    if said is None or isinstance(said, int):
        return int(said or 0)
    print(said, file=sys.stderr)
    return 1


def _end_threads() -> None:
    """Tell pools that they are done, and wait for every thread that is not a daemon, as the interpreter does at its end."""
    shut_down: Callable[[], None] = threading._shutdown  # type: ignore[attr-defined]
    shut_down()
