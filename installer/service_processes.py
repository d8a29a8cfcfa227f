"""`python -m installer.service_processes`: the processes that a Windows service has started, shown or ended; runs with the packages.

A service manager stops a service only together with those that need it. Its processes can be ended alone, and whoever runs them for the
service (WinSW, NSSM) starts them again.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Sequence

import psutil


def main(arguments: Sequence[str] | None = None) -> int:
    """Show (as JSON) or end the processes below others; returns the exit code.

    Usage: show|end NUMBER...
    """
    command, *numbers = sys.argv[1:] if arguments is None else arguments
    found: list[psutil.Process] = []
    for number in numbers:
        with contextlib.suppress(psutil.NoSuchProcess):
            found += psutil.Process(int(number)).children(recursive=True)
    ages, seen = [], []
    for process in reversed(found):  # those that were started last go first
        with contextlib.suppress(psutil.NoSuchProcess):
            ages.append(max(0.0, time.time() - process.create_time()))
            seen.append(process.pid)
            if command == "end":
                process.kill()
    print(json.dumps({"processes": seen, "youngest_seconds": min(ages, default=0.0)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
