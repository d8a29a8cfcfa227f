"""The audits of libraries: what is found stops a release, and an audit that could not run says so instead of passing for a good one."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CLEAN_PIP = json.dumps({"dependencies": [{"name": "a", "version": "1", "vulns": []}], "fixes": []})
FOUND_PIP = json.dumps(
    {"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}], "fixes": []}
)
CLEAN_NPM = json.dumps({"vulnerabilities": {}, "metadata": {}})
FOUND_NPM = json.dumps({"vulnerabilities": {"b": {"range": "<3", "severity": "high", "fixAvailable": True}}})
OFFLINE_NPM = json.dumps({"message": "request failed", "error": {"summary": "", "detail": ""}})


def audit(folder: Path, *arguments: str, **said: str | None) -> subprocess.CompletedProcess[str]:
    """Run it with tools that say this; None: the tool is not there."""
    for name, text in said.items():
        if text is not None:
            tool = folder / name.replace("_", "-")
            failed = "" if text.startswith("{") else "print(TEXT, file=sys.stderr); sys.exit(1)"
            tool.write_text(
                f"#!{sys.executable}\nimport sys\nTEXT = {text!r}\n{failed or 'print(TEXT); sys.exit(1)'}\n",
                encoding="utf-8",
            )
            tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    return subprocess.run(
        [sys.executable, "-m", "bootstrap.audit", *arguments],
        cwd=ROOT,
        env={**os.environ, "PATH": str(folder), "GITHUB_STEP_SUMMARY": str(folder / "summary.md")},
        capture_output=True,
        text=True,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="the tools stand in as scripts with a first line that names Python")
@pytest.mark.parametrize(
    ("pip_audit", "npm", "code", "required_code", "words"),
    [
        (CLEAN_PIP, CLEAN_NPM, 0, 0, "nothing found"),
        (FOUND_PIP, CLEAN_NPM, 1, 1, "a 1 has CVE-1, mended in 2"),
        (CLEAN_PIP, FOUND_NPM, 1, 1, "b <3 is high, mended"),
        ("ConnectionError: no route to host", CLEAN_NPM, 0, 2, "NOT RUN (ConnectionError: no route to host)"),
        (CLEAN_PIP, OFFLINE_NPM, 0, 2, "npm audit of frontend: NOT RUN"),
        (None, CLEAN_NPM, 0, 2, "NOT RUN (pip-audit is not installed)"),
        ("ConnectionError", FOUND_NPM, 1, 1, "b <3 is high"),
    ],
)
def test_an_audit_that_could_not_run_is_said_and_a_finding_stops_the_release(
    tmp_path: Path, pip_audit: str | None, npm: str, code: int, required_code: int, words: str
) -> None:
    done = audit(tmp_path, pip_audit=pip_audit, npm=npm)
    assert (done.returncode, words in done.stdout) == (code, True), done.stdout + done.stderr
    assert words in (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert audit(tmp_path, "--required", pip_audit=pip_audit, npm=npm).returncode == required_code


def test_the_release_asks_for_known_holes_before_it_is_published() -> None:
    workflow = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    assert 0 < workflow.index("bootstrap.audit") < workflow.index("gh release create")
