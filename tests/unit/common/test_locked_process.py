"""A process that has locked itself down computes and answers, and can do nothing else."""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path
from typing import IO, Any

import pytest

from common.errors import DataProblem
from common.locked_process import run_locked

MODULE = """
import json, os, socket, subprocess, sys, threading
from common.lock_down import lock_down

def tried(what):
    try:
        what()
    except (OSError, MemoryError, RuntimeError) as error:
        return type(error).__name__
    return "done"

kept = lock_down(2 * 1024**3, 30)
asked = sys.stdin.buffer.readline().decode().strip()
if asked == "crash":
    import ctypes
    ctypes.string_at(1)
if asked == "hang":
    threading.Event().wait()
worker = threading.Thread(target=lambda: None)
found = {
    "kept": kept,
    "environment": sorted(name for name in os.environ if name.startswith("ROUTING_ML_")),
    "read": tried(lambda: open("/etc/hostname")),
    "write": tried(lambda: open(asked, "w").write("x")),
    "delete": tried(lambda: os.unlink(__file__)),
    "socket": tried(lambda: socket.create_connection(("127.0.0.1", 9), 1)),
    "program": tried(lambda: subprocess.run([sys.executable, "-c", ""])),
    "child": tried(lambda: os.fork()),
    "kill": tried(lambda: os.kill(os.getppid(), 0)),
    "memory": tried(lambda: bytearray(3 * 1024**3)),
    "thread": tried(lambda: (worker.start(), worker.join())),
}
print(json.dumps(found), flush=True)
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "locked_example.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "locked_example"


def answer(stream: IO[bytes]) -> dict[str, Any]:
    made = json.loads(stream.readline())
    assert isinstance(made, dict)
    return made


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"), reason="Linux's own means"
)
def test_it_can_only_compute(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROUTING_ML_ADMIN_PASSWORD", "secret")
    found = run_locked(module, [], iter([str(tmp_path / "written").encode() + b"\n"]), answer, 60)
    assert {"calls", "as", "cpu", "fsize"} <= set(found.pop("kept"))
    assert found.pop("environment") == []
    assert found.pop("thread") == "done"
    assert found.pop("memory") == "MemoryError"
    assert found == dict.fromkeys(("read", "write", "delete", "socket", "program", "child", "kill"), "PermissionError")
    assert not (tmp_path / "written").exists()


@pytest.mark.parametrize(
    ("asked", "seconds", "said"), [("crash", 60, "ended with code"), ("hang", 2, "did nothing for 2 s")]
)
def test_one_that_dies_or_hangs_is_said(module: str, asked: str, seconds: float, said: str) -> None:
    with pytest.raises(DataProblem, match=said) as caught:
        run_locked(module, [], iter([asked.encode() + b"\n"]), answer, seconds)
    assert caught.value.reason == "READER_FAILED"
