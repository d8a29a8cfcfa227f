"""`down`: asks the supervisor to stop everything in order, and ends what does not."""

from __future__ import annotations

import time

from cli.running.as_services import run_as_services
from cli.running.orphans import end_orphans
from cli.running.run_record import read_record, request_stop
from common.processes import is_running, kill_tree
from common.settings import Settings

PATIENCE_SECONDS = 10.0


def down(settings: Settings) -> str:
    """Stop the system; returns what was done, for people."""
    record = read_record(settings.run_path)
    if record is None or not record.alive:
        left_over = end_orphans(settings)
        if left_over:
            return f"Routing ML was not running; {left_over} processes that a killed start had left were ended."
        if run_as_services(settings) is not None:
            return "Routing ML is running as services: stop those (Windows: Stop-Service RoutingML-*)."
        return "Routing ML is not running."
    begun = time.monotonic()
    request_stop(settings.run_path)
    while is_running(record.pid, record.started_at):
        if time.monotonic() - begun > PATIENCE_SECONDS:
            kill_tree(record.pid)
            end_orphans(settings)
            return "Routing ML did not stop in time; its processes were killed."
        time.sleep(0.05)
    return f"Routing ML is stopped ({time.monotonic() - begun:.1f} s)."
