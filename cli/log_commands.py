"""`routing-ml logs`: the log lines of all processes, merged by time; with a request's id, its way through the processes."""

from __future__ import annotations

import gzip
import heapq
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer

from cli.installation import installation_settings

COLOURS = {"error": "red", "critical": "red", "warning": "yellow"}
HIDDEN = {"at", "event", "instance", "level", "logger", "process", "pid", "request_id", "exception"}


def logs(
    request_id: Annotated[str, typer.Option("--request-id", help="Only the lines of this request")] = "",
    level: Annotated[str, typer.Option("--level", help="Only lines of this level: info, warning, error")] = "",
    process: Annotated[str, typer.Option("--process", help="Only this process, such as ann or ann-50051")] = "",
    last: Annotated[int, typer.Option("--last", "-n", min=1, help="Most lines to show")] = 200,
    as_json: Annotated[bool, typer.Option("--json", help="The lines as they are, one JSON object a line")] = False,
) -> None:
    """Show the log lines of all processes in order of time. Exit code 1 when none matches."""
    folder = installation_settings().logs_path
    chosen = [
        line
        for line in merged_lines(folder, old_parts=bool(request_id))
        if matches(line, request_id=request_id, level=level, process=process)
    ][-last:]
    for line in chosen:
        if as_json:
            typer.echo(json.dumps(line, ensure_ascii=False))
        else:
            typer.secho(in_words(line), fg=COLOURS.get(str(line.get("level"))))
    if not chosen:
        typer.echo(f"No line in {folder} matches.", err=True)
        raise typer.Exit(1)


def matches(line: Mapping[str, object], *, request_id: str, level: str, process: str) -> bool:
    """Whether a line is of the request, level and process asked for ("" is any)."""
    return (
        (not request_id or line.get("request_id") == request_id)
        and (not level or line.get("level") == level.lower())
        and (not process or process in (line.get("process"), line.get("instance")))
    )


def merged_lines(folder: Path, *, old_parts: bool) -> Iterator[dict[str, object]]:
    """The lines of all log files in order of time; of rotated, compressed parts too when `old_parts`."""
    files = sorted(folder.glob("*.jsonl")) + (sorted(folder.glob("*.jsonl.gz")) if old_parts else [])
    return heapq.merge(*(_lines(path) for path in files), key=lambda line: str(line.get("at", "")))


def _lines(path: Path) -> Iterator[dict[str, object]]:
    opened: Iterable[str]
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else open(path, encoding="utf-8") as opened:
        for text in opened:
            try:
                line = json.loads(text)
            except ValueError:  # the line is being written
                continue
            if isinstance(line, dict):
                yield line


def in_words(line: Mapping[str, object]) -> str:
    """A line for people: time, instance, event, and its other fields."""
    facts = "  ".join(
        f"{name}={value}" for name, value in line.items() if name not in HIDDEN and value not in ("", None)
    )
    trace = f"\n{line['exception']}" if line.get("exception") else ""
    at = str(line.get("at", ""))[11:23]
    return f"{at}  {line.get('instance') or line.get('logger') or ''!s:<17} {line.get('event', '')}  {facts}{trace}"
