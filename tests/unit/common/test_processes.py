"""Starting and stopping processes, and whose a port is."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from common import processes
from common.processes import SAME_SIGNAL_SECONDS, free_port, kill_tree, own_address, port_is_free, python_module

ROOT = Path(__file__).resolve().parents[3]

SLOW_TO_STOP = """
import asyncio
from common.processes import run_until_stopped

async def main(stop):
    print("runs", flush=True)
    await stop.wait()
    print("stops", flush=True)
    await asyncio.sleep(60)
    return 0

raise SystemExit(run_until_stopped(main))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals between processes are Linux's")
def test_the_second_signal_ends_a_process_that_is_slow_to_stop() -> None:
    process = subprocess.Popen([sys.executable, "-c", SLOW_TO_STOP], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "runs\n"
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)  # as `timeout` does: twice for one wish
    assert process.stdout.readline() == "stops\n"
    time.sleep(SAME_SIGNAL_SECONDS + 0.1)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 130
    process.stdout.close()


def test_a_port_in_use_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert not port_is_free("127.0.0.1", taken.getsockname()[1])
    assert port_is_free("127.0.0.1", free_port())


def test_on_windows_a_port_is_taken_for_this_process_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "IS_WINDOWS", True)
    if not hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # any option that can be read back stands for it
        monkeypatch.setattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_KEEPALIVE, raising=False)
    with socket.socket() as made:
        own_address(made)
        assert made.getsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE)  # type: ignore[attr-defined,unused-ignore]


@pytest.mark.parametrize(("options", "expected"), [((), False), (("-P",), True)])
def test_a_child_looks_for_modules_where_its_parent_does(options: tuple[str, ...], expected: bool) -> None:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from common.processes import python_module; print(python_module('m'))"
    shown = subprocess.run([sys.executable, *options, "-c", code], capture_output=True, text=True, check=True).stdout
    assert ("'-P'" in shown) == expected
    assert python_module("m", "x")[-3:] == ["-m", "m", "x"]


def test_a_process_that_starts_others_meanwhile_is_killed_with_all_of_them(tmp_path: Path) -> None:
    waits = tmp_path / "waits.py"
    waits.write_text("import time\ntime.sleep(600)\n", encoding="utf-8")
    starts = (
        "import subprocess, sys\nfor _ in range(40):\n"
        "    subprocess.Popen([sys.executable, '-S', sys.argv[1]])\n    print(flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", starts, str(waits)], stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        starter.stdout.readline()
        kill_tree(starter.pid)
    left = [one for one in psutil.process_iter(["cmdline"]) if str(waits) in (one.info["cmdline"] or [])]
    for one in left:
        one.kill()
    assert not left
