"""An installation waits for its gateway as long as that makes progress, and no longer."""

from __future__ import annotations

from pathlib import Path

import pytest

from bootstrap.progress import SetupFailed
from installer import verification
from installer.layout import Layout
from installer.verification import Served


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
