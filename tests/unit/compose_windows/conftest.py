"""A PowerShell for the tests of the scripts: ROUTING_ML_PWSH names one, else pwsh on PATH; without any they are skipped."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

PowerShell = Callable[[str], Any]

SESSION = r"""
$ProgressPreference = 'SilentlyContinue'
$path, $folder = $env:PATH, (Get-Location)
while ($null -ne ($file = [Console]::In.ReadLine())) {
    try { & { . $file } 2>&1 | ForEach-Object { [Console]::Out.WriteLine([string]$_) } }
    catch { [Console]::Out.WriteLine("failed: $_ $($_.ScriptStackTrace)") }
    [Console]::Out.WriteLine('END')
    $env:PATH = $path
    Set-Location $folder
    Get-ChildItem function: | Where-Object { $_.Name -match '-(NetFirewall|ScheduledTask|Process$)' } | Remove-Item
}
"""


@pytest.fixture(scope="session")
def powershell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PowerShell]:
    """Runs lines of PowerShell as a prompt does, all in one session, and returns what they give as JSON."""
    program = os.environ.get("ROUTING_ML_PWSH") or shutil.which("pwsh")
    if not program:
        pytest.skip("no PowerShell here: ROUTING_ML_PWSH names none, and PATH has no pwsh")
    folder: Path = tmp_path_factory.mktemp("powershell")
    (folder / "session.ps1").write_text(SESSION, encoding="ascii")
    session = subprocess.Popen(
        [program, "-NoProfile", "-NonInteractive", "-Command", f". '{folder / 'session.ps1'}'"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        env={**os.environ, "TERM": "dumb", "NO_COLOR": "1"},
    )
    number = 0

    def run(text: str) -> Any:
        nonlocal number
        number += 1
        file = folder / f"{number}.ps1"
        file.write_text(text, encoding="utf-8")
        assert session.stdin
        assert session.stdout
        session.stdin.write(f"{file}\n")
        session.stdin.flush()
        said = []
        for line in session.stdout:
            if line.rstrip() == "END":
                break
            said.append(line)
        found = [line.partition("JSON ")[2] for line in said if "JSON " in line]
        assert found, "".join(said)
        return json.loads(found[-1])

    yield run
    assert session.stdin
    session.stdin.close()
    session.wait(30)
