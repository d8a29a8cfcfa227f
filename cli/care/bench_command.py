"""`routing-ml bench`: measures this machine with the benchmarks of the project."""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated

import typer

from cli.installation import ROOT
from common.errors import NotFound


def bench(
    arguments: Annotated[
        list[str] | None, typer.Argument(help="Arguments of the benchmarks; `-- --help` lists them", show_default=False)
    ] = None,
) -> None:
    """Measure training, search, prediction, start-up and memory on this machine."""
    if not (ROOT / "benchmarks" / "__main__.py").exists():
        raise NotFound(f"There are no benchmarks in {ROOT}: use a clone of the repository")
    raise typer.Exit(subprocess.run([sys.executable, "-m", "benchmarks", *(arguments or [])], cwd=ROOT).returncode)
