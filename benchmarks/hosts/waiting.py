"""Waiting for what hosts and programs begin to do."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

START_SECONDS = 240.0


def until(condition: Callable[[], bool], complaint: str, seconds: float = START_SECONDS) -> float:
    """Wait for something; returns the seconds.

    Raises:
        RuntimeError: it does not come about.
    """
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise RuntimeError(complaint)
        time.sleep(0.1)
    return time.monotonic() - began


def takes_connections(address: str, port: int) -> bool:
    """Whether something listens there."""
    try:
        socket.create_connection((address, port), 0.5).close()
    except OSError:
        return False
    return True
