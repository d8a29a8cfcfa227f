"""What programs of the system say is read as they write it: in the code page of the console, or in UTF-16 as NSSM does."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from installer import machine
from installer.machine import run_program

SAID = "Can't open service!\r\nOpenService(): 지정된 서비스를 찾을 수 없습니다.\r\n"


def printing(data: bytes, stream: str, code: int) -> list[str]:
    return [sys.executable, "-c", f"import sys; sys.{stream}.buffer.write({data!r}); sys.exit({code})"]


@pytest.mark.parametrize("mark", [b"", b"\xff\xfe"], ids=["plain", "with a mark"])
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_words_in_utf_16_are_read_as_such(stream: str, mark: bytes) -> None:
    done = run_program(printing(mark + SAID.encode("utf-16-le"), stream, 3))
    assert (done.returncode, getattr(done, stream)) == (3, SAID.replace("\r\n", "\n"))


def test_words_in_the_code_page_of_the_console_are_read_as_such() -> None:
    encoding = "oem" if sys.platform == "win32" else "utf-8"
    done = run_program(printing(b"SERVICE_NAME: " + "Auth\r\n".encode(encoding) + b"\xff", "stdout", 0))
    assert done.stdout.startswith("SERVICE_NAME: Auth\n")
    assert len(done.stdout) == len("SERVICE_NAME: Auth\n") + 1


def test_a_program_that_is_not_there_is_an_exit_code_with_its_reason() -> None:
    done = run_program(["no-such-program-of-the-system"])
    assert done.returncode != 0
    assert done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a script stands in for sc.exe")
def test_a_service_manager_that_never_answers_is_a_refusal_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = tmp_path / "sc.exe"
    silent.write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    silent.chmod(0o755)
    monkeypatch.setattr(machine, "SILENT_SECONDS", 0.5)
    started = time.monotonic()
    done = run_program([str(silent), "config", "RoutingML-Auth", "start=", "delayed-auto"])
    assert time.monotonic() - started < 30
    assert done.returncode == machine.TIMEOUT_CODE
    assert "no answer" in done.stderr
