"""`routing-ml backup` and `restore`: the control plane's database and keys, by auth_service's own command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.installation import ROOT, installation_settings, variables_of
from cli.running.run_record import running_record
from common.errors import PreconditionFailed


def backup(
    target: Annotated[Path, typer.Argument(help="File to write; must not exist", show_default=False)],
) -> None:
    """Save accounts, versions, settings and documents to one file; also while the system runs."""
    raise typer.Exit(_auth_service("backup", str(target.absolute())))


def restore(
    source: Annotated[Path, typer.Argument(help="File that backup wrote", show_default=False)],
) -> None:
    """Put a backup in the place of the present state; the system must be stopped."""
    settings = installation_settings()
    if running_record(settings.run_path) is not None:
        raise PreconditionFailed("Routing ML is running: stop it first (routing-ml down), then restore")
    raise typer.Exit(_auth_service("restore", str(source.absolute())))


def _auth_service(*arguments: str) -> int:
    return subprocess.run(
        [sys.executable, "-m", "auth_service", *arguments],
        cwd=ROOT,
        env={**os.environ, **variables_of(installation_settings())},
    ).returncode
