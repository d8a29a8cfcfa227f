"""`routing-ml` and `python -m routing_ml`: runs the command line with the program's packages in reach, for its child processes too."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAM = HERE / "program" if (HERE / "program").is_dir() else HERE.parent
"""Folder of the program's packages; in a clone its root."""


def main() -> None:
    """Run the command line and end the process with its exit code."""
    sys.path.insert(0, str(PROGRAM))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(PROGRAM), os.environ.get("PYTHONPATH")]))
    from cli.main import main as command_line
    from common.process_end import run_and_leave

    run_and_leave(command_line)


if __name__ == "__main__":
    main()
