"""Starts auth_service again and again within a fraction of a second: everything is imported once, each start is a fork of that.

    python -m benchmarks.faults.warm_service ADDRESS

Each line on standard input starts a child, whose process id is printed. The child is the whole service, with its database, its log and
its gRPC server, and nothing of an earlier one; only the interpreter's imports are shared. Linux only; elsewhere a start is a new process.
"""

from __future__ import annotations

import os
import signal
import sys

from auth_service.program import AuthProgram
from common.service import run_service


def main() -> int:
    """Start a child for each line; returns 0 at the end of the input."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a killed child
    for _line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os._exit(run_service("auth", sys.argv[1], AuthProgram))
        print(pid, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
