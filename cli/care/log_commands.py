"""`routing-ml logs`: the log lines of all processes, merged by time; with a request's id, its way through the processes."""

from __future__ import annotations

from collections import deque
from typing import Annotated

import typer

from cli.care.log_lines import Follower, Line, choice, in_words, merged_lines
from cli.installation import installation_settings
from common.standard_output import is_heard, json_text

COLOURS = {"error": "red", "critical": "red", "warning": "yellow"}


def logs(
    request_id: Annotated[str, typer.Option("--request-id", help="Only the lines of this request")] = "",
    level: Annotated[
        str, typer.Option("--level", help="Only lines of this level or worse: debug, info, warning, error")
    ] = "",
    process: Annotated[str, typer.Option("--process", help="Only this process, such as ann or ann-50051")] = "",
    since: Annotated[
        str,
        typer.Option(
            "--since",
            help="Only lines from this moment on: 30m, 2h, 3d ago, or 2026-11-24T10:30 (local time, or with +09:00)",
        ),
    ] = "",
    last: Annotated[int, typer.Option("--last", "-n", min=1, help="Most lines to show")] = 200,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on showing lines as they come")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The lines as they are, one JSON object a line")] = False,
) -> None:
    """Show the log lines of all processes in order of time, rotated files included; times are local, in --json UTC. Exit code 1 when
    none matches."""
    folder = installation_settings().logs_path
    wanted = choice(request_id, level, process, since)
    follower = Follower(folder, wanted) if follow else None
    chosen = deque(merged_lines(folder, wanted), maxlen=last)
    for line in chosen:
        _show(line, as_json=as_json)
    if follower is not None:
        try:
            for line in follower.forever():
                _show(line, as_json=as_json)
                if not is_heard():
                    return
        except KeyboardInterrupt:
            raise typer.Exit(0) from None
    if not chosen:
        typer.echo(f"No line in {folder} matches.", err=True)
        raise typer.Exit(1)


def _show(line: Line, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json_text(line, indent=None))
    else:
        typer.secho(in_words(line), fg=COLOURS.get(str(line.get("level"))))
