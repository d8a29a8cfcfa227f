"""Starts the trainer service: `python -m trainer [--port N]`."""

from __future__ import annotations

import argparse

from common.process_end import run_and_leave
from common.service import run_service
from common.settings import settings
from trainer.program import TrainerProgram


def main() -> int:
    """Serve until told to stop; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m trainer", description="Runs trainings in a child process, on demand."
    )
    parser.add_argument("--port", type=int, help="port; default: that of ROUTING_ML_TRAINER_ADDRESS")
    options = parser.parse_args()
    port = options.port or int(settings().trainer_address.rpartition(":")[2])
    return run_service("trainer", f"{settings().bind_host}:{port}", TrainerProgram)


if __name__ == "__main__":
    run_and_leave(main)
