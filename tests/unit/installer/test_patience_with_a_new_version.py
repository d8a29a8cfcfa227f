"""An installation waits for its gateway as long as that makes progress, and no longer."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from bootstrap.progress import SetupFailed
from installer import verification, windows_services
from installer.layout import Layout
from installer.machine import AUTOMATIC, Machine, RegisteredService
from installer.verification import Served
from installer.windows_services import WindowsServices


class Clock:
    """Time that passes by waiting only."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(verification, "time", made)
    return made


def test_a_big_source_may_take_any_time_while_it_is_read(
    clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(_port: int) -> Served:
        if clock.now > 4000:
            return Served(True, True, "2.0.0", knows_accounts=True)
        return Served(True, False, "2.0.0", f"The source is being read (items: {int(clock.now) // 100} rows)")

    monkeypatch.setattr(verification, "ask", ask)
    layout = Layout(tmp_path / "a", tmp_path / "b")
    assert verification.verify(layout, "2.0.0", must_predict=True, patience_seconds=300).predicts
    assert clock.now > 4000


def test_a_gateway_that_comes_and_goes_makes_no_progress(
    clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "ask", lambda _port: Served(int(clock.now) % 2 == 0, False, "2.0.0"))
    with pytest.raises(SetupFailed):
        verification.verify(Layout(tmp_path / "a", tmp_path / "b"), "2.0.0", must_predict=True, patience_seconds=300)
    assert clock.now < 305


@pytest.mark.parametrize("said", [Served(False), Served(True, False, "2.0.0", "No model version is active")])
def test_a_gateway_that_says_the_same_for_long_has_failed(
    clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Served
) -> None:
    monkeypatch.setattr(verification, "ask", lambda _port: said)
    layout = Layout(tmp_path / "a", tmp_path / "b")
    with pytest.raises(SetupFailed):
        verification.verify(layout, "2.0.0", must_predict=True, patience_seconds=300)
    assert 300 <= clock.now <= 302


def services_that_say(clock: Clock, monkeypatch: pytest.MonkeyPatch, said: Callable[[float], str]) -> WindowsServices:
    """Services of a machine whose service manager says `said(seconds)` of the one that is started."""
    monkeypatch.setattr(windows_services, "time", clock)

    def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        told = said(clock.now) if "queryex" in command else ""
        return subprocess.CompletedProcess(list(command), 0, told, "")

    def hands(step: str, **details: object) -> None:
        raise AssertionError(step)

    registered = RegisteredService("a.exe", "", AUTOMATIC, True, ())
    return WindowsServices(Machine(run, lambda _name: registered, hands), Path(), poll_seconds=5.0)


def test_a_service_that_goes_on_may_take_any_time_to_start(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    def said(now: float) -> str:
        if now > 4000:
            return " STATE : 4  RUNNING\n PID : 7\n"
        return f" ZUSTAND : 2  START_PENDING\n PR\u00dcFPUNKT : {int(now / 100):#x}\n PID : 7\n"

    services_that_say(clock, monkeypatch, said).start(["A"])
    assert clock.now > 4000


def test_a_service_that_shows_no_step_is_not_waited_for(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    services = services_that_say(clock, monkeypatch, lambda _now: " STATE : 2  START_PENDING\n PID : 7\n")
    with pytest.raises(SetupFailed, match="START_PENDING"):
        services.start(["A"])
    assert clock.now < 2 * windows_services.START_SECONDS


def test_a_service_that_only_counts_is_given_up_some_day(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    services = services_that_say(clock, monkeypatch, lambda now: f" STATE : 3  STOP_PENDING\n CHECKPOINT : {now}\n")
    with pytest.raises(SetupFailed, match="STOP_PENDING"):
        services.stop_one("A")
    assert clock.now < windows_services.LONGEST_SECONDS + 2 * windows_services.STOP_SECONDS


def test_a_service_manager_that_fails_for_a_moment_is_asked_again(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(now: float) -> str:
        return "[SC] EnumQueryServicesStatus:OpenService 6" if now == 5.0 else f"PID : 1\nSTATE : {state_at(now)}"

    def state_at(now: float) -> str:
        return "3  STOP_PENDING" if now < 10 else "1  STOPPED"

    services_that_say(clock, monkeypatch, said).stop_one("RoutingML-Auth")


def test_a_service_manager_that_goes_on_failing_is_believed(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    services = services_that_say(clock, monkeypatch, lambda _now: "[SC] EnumQueryServicesStatus:OpenService 5")
    with pytest.raises(SetupFailed, match="OpenService 5"):
        services.state("RoutingML-Auth")
    assert clock.now < windows_services.STOP_SECONDS
