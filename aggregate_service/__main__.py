"""Starts aggregate_service: `python -m aggregate_service [--port N]`."""

from __future__ import annotations

import argparse

from aggregate_service.program import AggregateProgram
from common.process_end import run_and_leave
from common.rpc.addresses import own_address
from common.service import run_service
from common.settings import settings


def main() -> int:
    """Serve until told to stop; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m aggregate_service", description="Routings, times and master data from a snapshot of the source."
    )
    parser.add_argument("--port", type=int, help="port; default: that of the first ROUTING_ML_AGGREGATE_ADDRESSES here")
    options = parser.parse_args()
    port = options.port or int(own_address(settings().aggregate_addresses).rpartition(":")[2])
    return run_service("aggregate", f"{settings().bind_host}:{port}", AggregateProgram)


if __name__ == "__main__":
    run_and_leave(main)
