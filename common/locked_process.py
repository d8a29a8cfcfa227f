"""Running a module that locks itself down (`common.lock_down`) before it looks at foreign bytes."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, Final

from common.errors import DataProblem
from common.patience import LOOK_SECONDS, Patience
from common.processes import kill_tree, python_module

ROOT: Final = Path(__file__).resolve().parents[1]
PIECE: Final = 1024 * 1024
LONGEST_COMPLAINT: Final = 4_000


def run_locked(
    module: str, arguments: Iterable[str], given: Iterator[bytes], take: Callable[[IO[bytes]], Any], idle_seconds: float
) -> Any:
    """Run a module that locks itself down; returns what `take` makes of its standard output.

    Args:
        given: what it gets on standard input.
        take: reads its standard output; a ValueError or EOFError of it says that the process answered with something else.
        idle_seconds: it is killed when it has done nothing for so long; how long it may work, it bounds itself.

    Raises:
        DataProblem: it died, got stuck, or answered with something else (reason READER_FAILED).
    """
    environment = {name: value for name, value in os.environ.items() if not name.upper().startswith("ROUTING_ML_")}
    environment |= {"OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
    child = subprocess.Popen(
        python_module(module, *arguments),
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdin
    assert child.stdout
    assert child.stderr
    complaint: list[bytes] = []
    stuck, over = threading.Event(), threading.Event()

    def give() -> None:
        assert child.stdin
        with contextlib.suppress(OSError):  # it died, which its exit code tells
            for piece in given:
                child.stdin.write(piece)
        with contextlib.suppress(OSError):
            child.stdin.close()

    def hear() -> None:
        assert child.stderr
        while piece := child.stderr.read(PIECE):
            complaint[:] = [(b"".join(complaint) + piece)[-LONGEST_COMPLAINT:]]

    def watch() -> None:
        patience = Patience(child.pid, idle_seconds)
        while not over.wait(min(LOOK_SECONDS, idle_seconds)):
            if patience.over:
                stuck.set()
                kill_tree(child.pid)
                return

    threads = [threading.Thread(target=work, daemon=True) for work in (give, hear, watch)]
    for thread in threads:
        thread.start()
    failure: Exception | None = None
    try:
        return take(child.stdout)
    except (ValueError, EOFError, KeyError, TypeError) as error:
        failure = error
    finally:
        kill_tree(child.pid) if child.poll() is None and failure is not None else None
        over.set()
        child.stdout.close()
        for thread in threads:
            thread.join(10)
        child.stderr.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(10)
    said = b"".join(complaint).decode("utf-8", "replace").strip().splitlines()
    why = f"it did nothing for {idle_seconds:g} s" if stuck.is_set() else f"it ended with code {child.returncode}"
    raise DataProblem(
        f"The process that reads what an older model stored could not ({why}{': ' + said[-1][:300] if said else ''}): the files are "
        "damaged, or made to harm; restore them from a backup, or train again",
        reason="READER_FAILED",
    ) from failure
