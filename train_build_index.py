"""Trains a version of the model: `python train_build_index.py --save-dir models/<version>`. All options: --help."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from common.process_end import run_and_leave

if TYPE_CHECKING:
    from plant.blueprint.options import PipelineOptions

__all__ = ["main"]

if all(importlib.util.find_spec(package) for package in ("polars", "psutil", "structlog")):
    from trainer.run import main
else:  # called with a Python that has not the packages, as in `python train_build_index.py` in a clone

    def main(arguments: Sequence[str] | None = None, options: PipelineOptions | None = None) -> int:
        """Hand over to the Python of the virtual environment; returns the exit code."""
        from bootstrap.environment import venv_folder, venv_python

        python = venv_python(venv_folder())
        if not python.exists():
            sys.stderr.write(f"The packages are not installed yet ({python} does not exist): run manage.py up first\n")
            return 1
        command = [str(python), str(Path(__file__).resolve()), *(sys.argv[1:] if arguments is None else arguments)]
        if sys.platform != "win32":
            os.execv(command[0], command)  # noqa: S606 - the same process, so that signals reach it
        return subprocess.call(command)


if __name__ == "__main__":
    run_and_leave(main)
