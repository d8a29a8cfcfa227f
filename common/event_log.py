"""The Windows event log: starts, stops and failures of the processes, where administrators and their tools look first.

Elsewhere there is none and nothing is written; the JSON log has the same facts. The source is registered by the installation
(compose-windows/services.json); an account without the right to report loses the event and nothing else.
"""

from __future__ import annotations

import ctypes
import sys
from enum import IntEnum
from functools import lru_cache
from typing import Any, Final, Protocol

SOURCE: Final = "RoutingML"
LONGEST_TEXT: Final = 31_000
"""Characters that one string of an event may have (the system's limit is 31,839)."""


class Kind(IntEnum):
    """Kinds of events, by the numbers of the Windows API."""

    ERROR = 0x0001
    WARNING = 0x0002
    INFORMATION = 0x0004


class Event(IntEnum):
    """Numbers of the events of the processes; those of the scripts lie below 4000."""

    STARTED = 4000
    STOPPED = 4001
    CANNOT_START = 4010
    FAILED = 4011
    RESTARTED = 4020


class EventWriter(Protocol):
    """Takes an event."""

    def report(self, kind: Kind, event: Event, text: str) -> bool:
        """Write one event; returns whether it was taken."""


class NoEventLog:
    """Where there is no Windows event log."""

    def report(self, kind: Kind, event: Event, text: str) -> bool:
        """Take nothing."""
        return False


class WindowsEventLog:
    """Reports through advapi32.

    Args:
        library: advapi32, or what stands for it.
        source: name of the event source.
    """

    def __init__(self, library: Any, source: str = SOURCE) -> None:
        self._register = library.RegisterEventSourceW
        self._register.argtypes = [ctypes.c_wchar_p, ctypes.c_wchar_p]
        self._register.restype = ctypes.c_void_p
        self._report = library.ReportEventW
        self._report.argtypes = [
            ctypes.c_void_p,  # event source
            ctypes.c_uint16,  # kind
            ctypes.c_uint16,  # category
            ctypes.c_uint32,  # event
            ctypes.c_void_p,  # user
            ctypes.c_uint16,  # number of strings
            ctypes.c_uint32,  # bytes of data
            ctypes.POINTER(ctypes.c_wchar_p),
            ctypes.c_void_p,  # data
        ]
        self._report.restype = ctypes.c_int
        self._deregister = library.DeregisterEventSource
        self._deregister.argtypes = [ctypes.c_void_p]
        self._deregister.restype = ctypes.c_int
        self._source = source

    def report(self, kind: Kind, event: Event, text: str) -> bool:
        """Write one event; False when the system refuses."""
        try:
            handle = self._register(None, self._source)
            if not handle:
                return False
            strings = (ctypes.c_wchar_p * 1)(text.replace("\x00", " ")[:LONGEST_TEXT])
            try:
                return bool(self._report(handle, int(kind), 0, int(event), None, 1, 0, strings, None))
            finally:
                self._deregister(handle)
        except OSError:
            return False


@lru_cache(maxsize=1)
def event_log() -> EventWriter:
    """The event log of this machine."""
    if sys.platform == "win32":
        return WindowsEventLog(ctypes.WinDLL("advapi32", use_last_error=True))
    return NoEventLog()


def report_started(instance: str, address: str, version: str) -> None:
    """A process serves."""
    event_log().report(Kind.INFORMATION, Event.STARTED, f"{instance} {version} started on {address}.")


def report_stopped(instance: str) -> None:
    """A process ended in order."""
    event_log().report(Kind.INFORMATION, Event.STOPPED, f"{instance} stopped.")


def report_cannot_start(instance: str, why: str) -> None:
    """A process could not begin to serve."""
    event_log().report(Kind.ERROR, Event.CANNOT_START, f"{instance} cannot start: {why}")


def report_failed(instance: str, why: str) -> None:
    """A process ended by an error that nobody expected."""
    event_log().report(Kind.ERROR, Event.FAILED, f"{instance} failed: {why}")
