"""`python -m gateway [--port N]`: serves the REST API."""

from __future__ import annotations

import argparse

from common.process_end import run_and_leave
from common.settings import settings as read_settings
from gateway.serving import serve, supervise


def main(arguments: list[str] | None = None) -> int:
    """Run the gateway; returns the exit code."""
    settings = read_settings().whole
    parser = argparse.ArgumentParser(prog="python -m gateway", description="Serves the REST API of Routing ML.")
    parser.add_argument("--port", type=int, default=settings.gateway_port, help="port to serve on")
    parser.add_argument("--worker", type=int, help="number of this process among several that share the port")
    parser.add_argument("--alone", action="store_true", help="run one process whatever the settings say")
    chosen = parser.parse_args(arguments)
    if settings.gateway_workers > 1 and chosen.worker is None and not chosen.alone:
        return supervise(settings, chosen.port)
    return serve(settings, chosen.port, chosen.worker)


if __name__ == "__main__":
    run_and_leave(main)
