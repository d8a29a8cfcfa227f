"""`python -m ann_service [--port N] [--workers N] [--threads N]`: one process, or several on consecutive ports that share the
mapped index."""

from __future__ import annotations

import argparse
import os

from common.process_end import run_and_leave
from common.rpc.addresses import own_address
from common.settings import settings as read_settings


def main(arguments: list[str] | None = None) -> int:
    """Run until told to stop; returns the exit code."""
    settings = read_settings()
    host, _, first_port = own_address(settings.ann_addresses).rpartition(":")
    parser = argparse.ArgumentParser(prog="ann_service", description=__doc__)
    parser.add_argument("--port", type=int, default=int(first_port), help="port of the (first) process")
    parser.add_argument("--workers", type=int, default=1, help="processes, on consecutive ports from --port")
    parser.add_argument(
        "--threads", type=int, default=0, help="threads of one batch search; 0: the cores by the workers"
    )
    options = parser.parse_args(arguments)
    if not 1 <= options.workers <= 64 or not 1 <= options.port <= 65536 - options.workers or options.threads < 0:
        parser.error("--workers is 1 to 64, --port with all workers 1 to 65535, --threads 0 or more")
    threads = options.threads or max(1, (os.cpu_count() or 1) // options.workers)
    if options.workers > 1:
        from ann_service.workers import run_workers
        from common.processes import run_until_stopped

        ports = list(range(options.port, options.port + options.workers))
        return run_until_stopped(lambda stop: run_workers(ports, threads, stop, settings.stop_grace_seconds + 1.5))
    from ann_service.program import AnnProgram
    from common.service import run_service

    bound = settings.bind_host or host
    return run_service("ann", f"{bound}:{options.port}", lambda context: AnnProgram(context, threads))


if __name__ == "__main__":
    run_and_leave(main)
