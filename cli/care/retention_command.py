"""`routing-ml models retention`: which old versions would be deleted, and deleting them."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from cli.calls import ask
from cli.terminal import open_console
from common.patience import LONGEST_CALL_SECONDS
from common.standard_output import json_text
from protos.trainer.v1 import trainer_pb2 as pb

MARKS = {"kept": ("✓", "green"), "deleted": ("-", "yellow"), "failed": ("✗", "red")}


def retention(
    apply: Annotated[bool, typer.Option("--apply", help="Delete; without it nothing is touched")] = False,
    keep: Annotated[
        int, typer.Option("--keep", min=0, max=1000, help="Newest versions to keep; 0: as the settings say")
    ] = 0,
    keep_good: Annotated[
        int, typer.Option("--keep-good", min=0, max=100, help="Good versions to keep; 0: as the settings say")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="For programs")] = False,
) -> None:
    """Show which old versions the retention deletes; with --apply delete them. Exit code 1 when one could not be deleted."""
    request = pb.RetentionRequest(dry_run=not apply, keep_versions=keep, keep_good_versions=keep_good)
    done = ask(
        lambda control: control.call(
            control.trainer.ApplyRetention, request, service="trainer", timeout=LONGEST_CALL_SECONDS
        )
    )
    if as_json:
        rows = [
            {"version_name": one.version_name, "outcome": one.outcome, "reason": one.reason, "bytes": one.bytes}
            for one in done.versions
        ]
        document = {"dry_run": done.dry_run, "freed_bytes": done.freed_bytes, "versions": rows}
        typer.echo(json_text(document))
    else:
        _print(done)
    raise typer.Exit(1 if any(one.outcome == "failed" for one in done.versions) else 0)


def _print(done: pb.RetentionResponse) -> None:
    console = open_console()
    table = Table(box=None, header_style="dim")
    for heading in ("", "version", "size", "because"):
        table.add_column(heading, no_wrap=True)
    for one in done.versions:
        mark, style = MARKS[one.outcome]
        size = f"{one.bytes / 1024**2:.1f} MB"
        table.add_row(Text(mark, style=style), Text(one.version_name), size, Text(one.reason))
    console.print(table)
    freed = f"{done.freed_bytes / 1024**2:.1f} MB"
    if done.dry_run:
        console.print(Text(f"{freed} would be freed. Delete with: routing-ml models retention --apply"))
    else:
        console.print(Text(f"{freed} freed."))
