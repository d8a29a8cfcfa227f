"""Running a command of auth_service for people: it works while the system is down, and what it says is said here."""

from __future__ import annotations

import os
import subprocess
import sys

from cli.installation import ROOT, installation_settings, variables_of
from common.processes import python_module


def run_auth_service(*arguments: str, standard_input: str | None = None) -> int:
    """Run `python -m auth_service` with the settings of this installation; returns its exit code.

    Args:
        standard_input: what it reads; None: what this process reads.
    """
    sys.stdout.flush()
    own = (sys.stdout.encoding or "utf-8") if standard_input is None else "utf-8"  # its lines go where ours go
    environment = {**os.environ, **variables_of(installation_settings()), "PYTHONIOENCODING": own}
    return subprocess.run(
        python_module("auth_service", *arguments),
        cwd=ROOT,
        env=environment,
        input=standard_input.encode() if standard_input is not None else None,
        check=False,
    ).returncode
