"""Asks pip-audit and npm audit whether a locked library has a known hole. Standard library only.

    python -m bootstrap.audit [--required]

Exit codes: 0 nothing was found, or an audit could not run (no network, no tool), which is said; 1 something was found; 2 with --required
an audit could not run.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOUND, NOT_RUN = 1, 2


@dataclass(frozen=True)
class Audit:
    """What an audit said: findings, or why it could not run."""

    name: str
    findings: tuple[str, ...] = ()
    not_run: str = ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run both audits and say what they found; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bootstrap.audit", description=__doc__)
    parser.add_argument("--required", action="store_true", help="an audit that could not run is a failure")
    options = parser.parse_args(arguments)
    audits = [audit_python(path) for path in sorted((ROOT / "requirements").glob("*.txt"))] + [audit_frontend()]
    lines = [line for audit in audits for line in told(audit)]
    print("\n".join(lines))
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with open(summary, "a", encoding="utf-8") as stream:
            stream.write("## Known holes in libraries\n\n" + "\n".join(f"- {line}" for line in lines) + "\n")
    if any(audit.findings for audit in audits):
        return FOUND
    return NOT_RUN if options.required and any(audit.not_run for audit in audits) else 0


def told(audit: Audit) -> list[str]:
    """The audit in words."""
    if audit.not_run:
        return [f"{audit.name}: NOT RUN ({audit.not_run}); nothing is known about it"]
    return [f"{audit.name}: {finding}" for finding in audit.findings] or [f"{audit.name}: nothing found"]


def audit_python(lock: Path) -> Audit:
    """Ask for the packages of a lock file."""
    command = ["pip-audit", "--requirement", str(lock), "--require-hashes", "--disable-pip", "--format", "json"]
    return _audit(f"pip-audit of {lock.name}", [*command, "--progress-spinner", "off"], ROOT, _of_pip)


def audit_frontend() -> Audit:
    """Ask for the packages that the screens are made of; tools of development are not delivered."""
    command = ["npm", "audit", "--package-lock-only", "--omit=dev", "--json"]
    return _audit("npm audit of frontend", command, ROOT / "frontend", _of_npm)


def _audit(name: str, command: list[str], folder: Path, read: Callable[[Any], list[str]]) -> Audit:
    tool = shutil.which(command[0])
    if tool is None:
        return Audit(name, not_run=f"{command[0]} is not installed")
    done = subprocess.run([tool, *command[1:]], cwd=folder, capture_output=True, encoding="utf-8", errors="replace")
    try:
        return Audit(name, tuple(read(json.loads(done.stdout))))
    except (ValueError, KeyError, TypeError, AttributeError):
        said = (done.stderr.strip() or done.stdout.strip() or f"code {done.returncode}").splitlines()[-1]
        return Audit(name, not_run=said[:300])


def _of_pip(document: Any) -> list[str]:
    return [
        f"{package['name']} {package['version']} has {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'no version yet'}"
        for package in document["dependencies"]
        for hole in package.get("vulns", [])
    ]


def _of_npm(document: Any) -> list[str]:
    if "error" in document:
        raise ValueError(document)
    return [
        f"{name} {one['range']} is {one['severity']}, {'mended' if one['fixAvailable'] else 'not mended yet'}"
        for name, one in document["vulnerabilities"].items()
    ]


if __name__ == "__main__":
    sys.exit(main())
