"""Events for the Windows event log, through a stand-in for advapi32 that notes what it is called with."""

from __future__ import annotations

import ctypes
import json
from pathlib import Path
from typing import Any

import pytest

from common import event_log
from common.event_log import Event, Kind, NoEventLog, WindowsEventLog

ROOT = Path(__file__).resolve().parents[3]


class Function:
    """A function of a library: takes declared types, notes its calls."""

    def __init__(self, answer: int) -> None:
        self.answer = answer
        self.calls: list[tuple[Any, ...]] = []
        self.argtypes: list[Any] = []
        self.restype: Any = None

    def __call__(self, *arguments: Any) -> int:
        assert len(arguments) == len(self.argtypes)
        self.calls.append(arguments)
        return self.answer


class Advapi32:
    def __init__(self, handle: int = 7, reported: int = 1) -> None:
        self.RegisterEventSourceW = Function(handle)
        self.ReportEventW = Function(reported)
        self.DeregisterEventSource = Function(1)


def test_an_event_has_its_kind_number_and_text_and_the_source_is_given_back() -> None:
    library = Advapi32()
    assert WindowsEventLog(library).report(Kind.ERROR, Event.CANNOT_START, "gateway-8000: 포트\x00 8000")
    assert library.RegisterEventSourceW.calls == [(None, "RoutingML")]
    handle, kind, category, event, user, strings, data_bytes, texts, data = library.ReportEventW.calls[0]
    assert (handle, kind, category, event, user, strings, data_bytes, data) == (7, 1, 0, 4010, None, 1, 0, None)
    assert texts[0] == "gateway-8000: 포트  8000"
    assert library.DeregisterEventSource.calls == [(7,)]
    assert library.ReportEventW.argtypes[7] == ctypes.POINTER(ctypes.c_wchar_p)


def test_a_text_beyond_the_systems_limit_is_cut() -> None:
    library = Advapi32()
    WindowsEventLog(library).report(Kind.WARNING, Event.FAILED, "x" * 100_000)
    assert len(library.ReportEventW.calls[0][7][0]) == event_log.LONGEST_TEXT


def test_an_account_that_may_not_report_loses_the_event_and_nothing_else() -> None:
    assert not WindowsEventLog(Advapi32(handle=0)).report(Kind.INFORMATION, Event.STARTED, "x")
    refused = Advapi32(reported=0)
    assert not WindowsEventLog(refused).report(Kind.INFORMATION, Event.STARTED, "x")
    assert refused.DeregisterEventSource.calls == [(7,)]


def test_processes_report_starts_stops_and_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Advapi32()
    monkeypatch.setattr(event_log, "event_log", lambda: WindowsEventLog(library))
    event_log.report_started("ann-50051", "127.0.0.1:50051", "1.0")
    event_log.report_stopped("ann-50051")
    event_log.report_cannot_start("ann-50051", "port taken")
    event_log.report_failed("ann-50051", "MemoryError: ")
    assert [(call[1], call[3]) for call in library.ReportEventW.calls] == [(4, 4000), (4, 4001), (1, 4010), (1, 4011)]


def test_the_source_is_the_one_that_the_installation_registers() -> None:
    table = json.loads((ROOT / "compose-windows" / "services.json").read_text(encoding="utf-8"))
    assert table["event_source"] == event_log.SOURCE


def test_elsewhere_nothing_is_written() -> None:
    assert not NoEventLog().report(Kind.INFORMATION, Event.STARTED, "x")
