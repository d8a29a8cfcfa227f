"""`routing-ml audit`: who did what, and moving old events out of the database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from cli.calls import ask
from cli.care.auth_process import run_auth_service
from cli.care.model_commands import when
from cli.terminal import open_console
from common.standard_output import json_text
from protos.auth.v1 import auth_pb2 as pb

app = typer.Typer(help="The audit log: list events, move old ones to files.", no_args_is_help=True)


@app.command("list")
def list_events(
    action: Annotated[str, typer.Option("--action", help="Start of the action's name, such as auth.login")] = "",
    user: Annotated[str, typer.Option("--user", help="E-mail of the person")] = "",
    limit: Annotated[int, typer.Option("--limit", help="How many, newest first", min=1, max=500)] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="For programs")] = False,
) -> None:
    """List events, newest first."""
    request = pb.ListAuditRequest(action=action, username=user, limit=limit)
    answer = ask(lambda control: control.call(control.auth.ListAudit, request))
    if as_json:
        for event in answer.events:
            facts = {
                "id": event.id,
                "at": event.at,
                "username": event.username,
                "client_host": event.client_host,
                "action": event.action,
                "target": event.target,
                "request_id": event.request_id,
                "payload": json.loads(event.payload_json),
            }
            typer.echo(json_text(facts, indent=None))
        return
    table = Table(box=None, header_style="dim")
    for heading in ("when", "who", "from", "what", "to what"):
        table.add_column(heading, no_wrap=True)
    for event in answer.events:
        table.add_row(when(event.at), event.username, event.client_host, event.action, event.target)
    open_console().print(table)
    if answer.total > len(answer.events):
        typer.echo(f"{answer.total} events match")


@app.command("archive")
def archive(
    years: Annotated[
        int | None, typer.Option("--years", help="Move events older than this; default: ROUTING_ML_AUDIT_YEARS", min=1)
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--to", help="Folder of the files; default: audit/ of the state")
    ] = None,
) -> None:
    """Move old events from the database to files of JSON lines; also while the system runs."""
    arguments = [*(("--years", str(years)) if years else ()), *(("--to", str(folder.absolute())) if folder else ())]
    raise typer.Exit(run_auth_service("archive-audit", *arguments))
