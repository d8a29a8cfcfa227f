"""Child process that builds a snapshot, so that reading millions of rows neither slows serving nor leaves its memory behind.

    python -m aggregate_service.build_snapshot --source FILE_OR_FOLDER --snapshots FOLDER [--profile FILE] [--force]

Standard output has one JSON object a line: progress ({"stage": ...}), and last {"folder": ...} or {"error": ..., "reason": ...}.
Exit code 0 when there is a snapshot, 1 when the source or the folder does not allow it.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import asdict
from pathlib import Path

import orjson

from aggregate_service.snapshot_build import Progress, build_snapshot
from common.errors import ServiceError
from common.process_end import run_and_leave

QUIET_SECONDS = 0.2


class JsonLines:
    """Writes progress as JSON lines, each stage and table at once and the rows in between a few times a second."""

    def __init__(self) -> None:
        self._last: tuple[str, str] = ("", "")
        self._at = 0.0

    def __call__(self, progress: Progress) -> None:
        """Write a line, unless one was written just now."""
        now = time.monotonic()
        if (progress.stage, progress.table) != self._last or now - self._at >= QUIET_SECONDS:
            self._last, self._at = (progress.stage, progress.table), now
            say(asdict(progress))


def say(content: dict[str, object]) -> None:
    """Write one line and hand it over at once."""
    sys.stdout.buffer.write(orjson.dumps(content) + b"\n")
    sys.stdout.buffer.flush()


def main(arguments: list[str] | None = None) -> int:
    """Build a snapshot; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m aggregate_service.build_snapshot", description=__doc__)
    parser.add_argument("--source", type=Path, required=True, help="Access file, or folder with Parquet or CSV tables")
    parser.add_argument("--snapshots", type=Path, required=True, help="folder of the snapshots")
    parser.add_argument("--profile", type=Path, help="input profile (JSON); default: the built-in one")
    parser.add_argument("--force", action="store_true", help="build even when the source is unchanged")
    parser.add_argument(
        "--lock-timeout", type=float, default=-1.0, help="seconds to wait for another builder; -1: as long as it lives"
    )
    options = parser.parse_args(arguments)
    try:
        profile = options.profile.read_text(encoding="utf-8") if options.profile else ""
        folder = build_snapshot(
            options.source,
            profile,
            options.snapshots,
            JsonLines(),
            force=options.force,
            lock_timeout=options.lock_timeout,
        )
    except ServiceError as error:
        say({"error": error.message, "reason": error.reason, "details": error.details})
        return 1
    except OSError as error:
        say(
            {
                "error": f"The snapshot cannot be written to {options.snapshots}: {error}",
                "reason": "SNAPSHOT_NOT_WRITTEN",
            }
        )
        return 1
    say({"folder": str(folder)})
    return 0


if __name__ == "__main__":
    run_and_leave(main)
