"""Refuses one program of Windows to the installer: put beside the stand-ins for Python as usercustomize.py, which Python loads by itself.

C:\\standins\\refuse.txt has words, one a line; the first call that has all of them ends as a refusal of Windows does, and the file is
taken away with it.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

ASKED = Path("C:\\standins\\refuse.txt")
REFUSAL = "import sys; sys.stderr.write('Access is denied.'); sys.exit(5)"


class Refusing(subprocess.Popen):  # type: ignore[type-arg]
    """Starts a program, unless it is the one that is to be refused."""

    def __init__(self, args: Any, *rest: Any, **named: Any) -> None:
        if ASKED.is_file():
            words = [args] if isinstance(args, str) else [str(word) for word in args]
            wanted = ASKED.read_text(encoding="utf-8").split("\n")
            if all(part in " ".join(words) for part in wanted):
                ASKED.unlink()
                args = [getattr(sys, "_base_executable", sys.executable), "-I", "-c", REFUSAL]
        super().__init__(args, *rest, **named)


subprocess.Popen = Refusing  # type: ignore[misc]
