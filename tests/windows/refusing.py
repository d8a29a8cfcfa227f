"""Refuses one call of Windows to the installer, or keeps it at the end of a step: put beside the stand-ins for Python as usercustomize.py,
which Python loads by itself.

C:\\standins\\refuse.txt has words, one a line. The first program whose call has all of them ends as a refusal of Windows does, and the file
is taken away with it. Where the first word is the name of a function, that function is refused instead, once, or as `os.replace` for longer
than sharing violations are tried again: C:\\standins\\refused-call.txt says so.

C:\\standins\\cut.txt has the name of a step: when it is done, and before the next one is noted in the journal, the installer waits for the
power to be cut, with C:\\standins\\cut-reached.txt.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FOLDER = Path("C:\\standins")
ASKED, REFUSED_CALL = FOLDER / "refuse.txt", FOLDER / "refused-call.txt"
CUT, CUT_REACHED = FOLDER / "cut.txt", FOLDER / "cut-reached.txt"
REFUSAL = "import sys; sys.stderr.write('Access is denied.'); sys.exit(5)"
TRIED_AGAIN, REFUSED_SECONDS = "os.replace", 8.0
JOURNAL = "operation.json"


def asked() -> list[str]:
    """The words of what is to be refused."""
    return ASKED.read_text(encoding="utf-8").split("\n") if ASKED.is_file() else []


class Refusing(subprocess.Popen):  # type: ignore[type-arg]
    """Starts a program, unless it is the one that is to be refused."""

    def __init__(self, args: Any, *rest: Any, **named: Any) -> None:
        wanted = asked()
        if wanted:
            words = [args] if isinstance(args, str) else [str(word) for word in args]
            if all(part in " ".join(words) for part in wanted):
                ASKED.unlink()
                args = [getattr(sys, "_base_executable", sys.executable), "-I", "-c", REFUSAL]
        super().__init__(args, *rest, **named)


def refusable(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that Windows may refuse, and that waits for the power to be cut at the end of a step."""

    def call(*arguments: Any, **named: Any) -> Any:
        wanted = asked()
        if wanted and wanted[0] == name and all(part in " ".join(map(str, arguments)) for part in wanted[1:]):
            again = REFUSED_CALL.exists()
            if not again:
                REFUSED_CALL.touch()
            if not again or (name == TRIED_AGAIN and time.time() - REFUSED_CALL.stat().st_mtime < REFUSED_SECONDS):
                raise PermissionError(13, "Access is denied", str(arguments[-1]))
        if name in ("os.replace", "os.unlink") and CUT.is_file() and str(arguments[-1]).endswith(JOURNAL):
            wait_for_the_cut(Path(str(arguments[-1])))
        return function(*arguments, **named)

    return call


def wait_for_the_cut(journal: Path) -> None:
    """Wait at the end of the step that is asked for."""
    step = CUT.read_text(encoding="utf-8").strip()
    with contextlib.suppress(OSError, ValueError, KeyError):
        if json.loads(journal.read_text(encoding="utf-8"))["step"] == step:
            CUT_REACHED.touch()
            time.sleep(900)


subprocess.Popen = Refusing  # type: ignore[misc]
for _name in ("replace", "mkdir", "unlink", "rmdir"):
    setattr(os, _name, refusable(f"os.{_name}", getattr(os, _name)))
if sys.platform == "win32":
    import _winapi

    _winapi.CreateJunction = refusable("CreateJunction", _winapi.CreateJunction)
