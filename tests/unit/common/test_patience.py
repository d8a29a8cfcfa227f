"""Patience with a process lasts as long as that works, however long that is, and ends soon when it does nothing."""

from __future__ import annotations

import subprocess
import sys
import time

import psutil
import pytest

from common.patience import MOST_BUSY, Patience, PatienceLost, Work, busyness, run_patiently, work_of


class Script:
    """A clock, and the work of a process that somebody else decides on."""

    def __init__(self) -> None:
        self.now = 0.0
        self.work = Work(0.0, 0, frozenset({1}))

    def patience(self, seconds: float) -> Patience:
        return Patience(1, seconds, work=lambda _pid: self.work, clock=lambda: self.now)

    def later(
        self, seconds: float, *, cpu: float = 0.0, disk: int = 0, members: frozenset[int] = frozenset({1})
    ) -> None:
        self.now += seconds
        self.work = Work(self.work.cpu_seconds + cpu, self.work.disk_bytes + disk, members)


@pytest.mark.parametrize("sign", [{"cpu": 0.7}, {"disk": 4_000_000}])
def test_a_process_that_works_may_take_any_time(sign: dict[str, float]) -> None:
    """0.7 s of a core in 5 s is what one of seven programs gets on a core they share."""
    script = Script()
    patience = script.patience(60)
    for _ in range(2000):
        script.later(5, **sign)  # type: ignore[arg-type]
        assert not patience.over


def test_a_process_that_only_answers_whether_it_is_ready_does_nothing() -> None:
    script = Script()
    patience = script.patience(60)
    took = 0
    while not patience.over:
        script.later(5, cpu=0.02)
        took += 5
    assert 60 <= took <= 75


def test_children_that_come_and_go_are_work() -> None:
    script = Script()
    patience = script.patience(60)
    for number in range(100):
        script.later(10, members=frozenset({1, number + 2}))
        assert not patience.over


def test_what_it_waits_for_renews_the_patience() -> None:
    script = Script()
    patience = script.patience(60)
    for _ in range(10):
        script.later(50)
        patience.renew()
        assert not patience.over
    script.later(61)
    assert patience.over


def test_the_work_of_a_real_process_counts_its_children() -> None:
    busy = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while True: pass'])"
    child = subprocess.Popen([sys.executable, "-c", busy])
    try:
        deadline = time.monotonic() + 60
        while len(work_of(child.pid).members) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        before = work_of(child.pid)
        while work_of(child.pid).cpu_seconds <= before.cpu_seconds:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        for member in work_of(child.pid).members - {child.pid}:
            subprocess.run(
                ["kill", "-9", str(member)] if sys.platform != "win32" else ["taskkill", "/F", "/PID", str(member)]
            )
        child.kill()
        child.wait()
    assert work_of(child.pid) == Work(0.0, 0, frozenset())


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (RuntimeError("PdhAddEnglishCounterW failed. Performance counters may be disabled."), 1.0),
        (OSError("not told"), 1.0),
        ((0.0, 0.0, 0.0), 1.0),
        ((1e6, 0.0, 0.0), MOST_BUSY),
    ],
)
def test_how_busy_a_machine_is_may_be_unknown(
    monkeypatch: pytest.MonkeyPatch, told: Exception | tuple[float, ...], expected: float
) -> None:
    def load() -> tuple[float, ...]:
        if isinstance(told, Exception):
            raise told
        return told

    monkeypatch.setattr(psutil, "getloadavg", load)
    assert busyness() == expected


def test_work_without_end_is_too_much_however_busy_it_is() -> None:
    script = Script()
    patience = Patience(1, 60, most_cpu_seconds=100, work=lambda _pid: script.work, clock=lambda: script.now)
    for _ in range(20):
        script.later(5, cpu=5)
        assert not patience.over
    script.later(5, cpu=5)
    assert patience.over
    assert patience.why == "it worked without end"


def test_a_program_is_waited_for_and_what_it_writes_is_taken() -> None:
    program = "import sys; sys.stdout.write('x' * 300_000); sys.stderr.write('told'); sys.exit(3)"
    done = run_patiently([sys.executable, "-c", program], idle_seconds=60)
    assert (done.returncode, len(done.stdout), done.stderr) == (3, 300_000, b"told")


def test_a_program_that_does_nothing_is_ended_with_its_children() -> None:
    program = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); time.sleep(600)"
    with pytest.raises(PatienceLost, match=r"did nothing for 0\.4 s"):
        run_patiently([sys.executable, "-c", program], idle_seconds=0.4)
