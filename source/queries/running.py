"""Runs a query in a process of its own, watched: it is ended when it takes too long or too much memory, and leaves one Arrow file."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from common.errors import DataProblem, InvalidInput
from common.processes import kill_tree, python_module, start_child

LOOK_SECONDS: Final = 0.05


@dataclass(frozen=True)
class QueryBounds:
    """What a query may take.

    Attributes:
        seconds: time, reading its tables included.
        memory_bytes: resident memory of its process, the tables that it reads included.
        rows: most rows of the result; None: all.
        columns: most columns of the result.
        threads: threads of the database.
    """

    seconds: float = 900.0
    memory_bytes: int = 4 * 2**30
    rows: int | None = None
    columns: int = 2_000
    threads: int = 2


def run_query(source: Path, sql: str, output: Path, bounds: QueryBounds) -> int:
    """Run a query over the source at `source` into an Arrow file; returns its rows.

    Args:
        output: file that must not be there yet; when the query fails it is not there either.

    Raises:
        InvalidInput: the query is wrong (reason QUERY_INVALID) or passes a bound (QUERY_TOO_LONG, QUERY_TOO_LARGE).
        DataProblem: the source cannot be read, or the process died.
    """
    request, answer = output.with_suffix(".request.json"), output.with_suffix(".answer.json")
    request.write_text(
        json.dumps(
            {
                "source": str(source),
                "sql": sql,
                "output": str(output),
                "answer": str(answer),
                "memory_bytes": bounds.memory_bytes,
                "rows": bounds.rows,
                "columns": bounds.columns,
                "threads": bounds.threads,
            }
        ),
        encoding="utf-8",
    )
    child = start_child(python_module("source.queries.process", str(request)), output=output.with_suffix(".log"))
    try:
        _watch(child, bounds)
        return _read_answer(answer, child.returncode, output.with_suffix(".log"))
    except BaseException:
        output.unlink(missing_ok=True)
        raise
    finally:
        if child.poll() is None:
            kill_tree(child.pid)
            child.wait()
        for left in (request, answer, output.with_suffix(".log")):
            left.unlink(missing_ok=True)


def _watch(child: subprocess.Popen[bytes], bounds: QueryBounds) -> None:
    deadline = time.monotonic() + bounds.seconds
    try:
        process = psutil.Process(child.pid)
    except psutil.NoSuchProcess:
        child.wait()
        return
    while True:
        try:
            child.wait(LOOK_SECONDS)
            return
        except subprocess.TimeoutExpired:
            pass
        if time.monotonic() > deadline:
            raise InvalidInput(
                f"The query was ended after {bounds.seconds:.0f} s: it may not end at all (a recursion, a join without a "
                "condition). Ask for less, or join on keys",
                reason="QUERY_TOO_LONG",
            )
        try:
            used = process.memory_info().rss
        except psutil.Error:
            continue
        if used > bounds.memory_bytes:
            raise too_large(bounds.memory_bytes)


def too_large(memory_bytes: int) -> InvalidInput:
    """The error of a query that takes more memory than it may."""
    return InvalidInput(
        f"The query was ended because it took more than {memory_bytes / 2**30:.1f} GB of memory. "
        "Name the columns that are needed instead of *, and join on keys",
        reason="QUERY_TOO_LARGE",
    )


def _read_answer(answer: Path, code: int | None, log: Path) -> int:
    try:
        said = json.loads(answer.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        told = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if log.exists() else []
        raise DataProblem(
            f"The query's process died (exit code {code}){': ' + told[-1] if told else ''}. Try again; ask for less if it happens again",
            reason="QUERY_DIED",
        ) from None
    if "rows" in said:
        return int(said["rows"])
    kind = {"InvalidInput": InvalidInput}.get(said["kind"], DataProblem)
    raise kind(said["message"], reason=said["reason"], details=said["details"])
