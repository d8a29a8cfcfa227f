"""`routing-ml proposals`: what planners did with proposed routings."""

from __future__ import annotations

import time
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from cli.calls import ask
from cli.care.model_commands import when
from cli.terminal import open_console
from common.standard_output import json_text
from protos.documents.v1 import documents_pb2 as pb

app = typer.Typer(help="What planners did with proposed routings: report, list.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="For programs")]
Version = Annotated[str, typer.Option("--version", help="Only proposals of this version")]
DAY_SECONDS = 86_400.0


@app.command()
def report(
    days: Annotated[int, typer.Option("--days", min=1, help="Reviews of so many last days")] = 90,
    version: Version = "",
    as_json: AsJson = False,
) -> None:
    """How often proposals were accepted as they were, and which operations were changed most."""
    request = pb.ProposalReportRequest(since=time.time() - days * DAY_SECONDS, model_version=version)
    found = ask(lambda control: control.call(control.planning.ProposalReport, request))
    if as_json:
        typer.echo(json_text(report_facts(found)))
        return
    console = open_console()
    if not found.reviews:
        console.print(f"No proposal was reviewed in the last {days} days.")
        return
    console.print(
        f"{found.accepted:,} of {found.reviews:,} proposals were accepted as they were ({found.accepted / found.reviews:.1%})"
    )
    for one in found.versions:
        name = one.model_version or "version not known"
        console.print(Text(f"  {name}: {one.accepted:,} of {one.reviews:,} ({one.accepted / one.reviews:.1%})"))
    table = Table(box=None, header_style="dim")
    for heading in ("operation", "proposed", "kept", "added", "removed", "moved", "times edited"):
        table.add_column(heading, justify="left" if heading == "operation" else "right", no_wrap=True)
    for row in found.operations:
        counts = (row.proposed, row.kept, row.added, row.removed, row.moved, row.times_edited)
        table.add_row(row.process_code, *(f"{count:,}" for count in counts))
    console.print(table)


def report_facts(found: pb.ProposalReportResponse) -> dict[str, object]:
    """The report as plain values."""
    return {
        "reviews": found.reviews,
        "accepted": found.accepted,
        "acceptance_rate": round(found.accepted / found.reviews, 4) if found.reviews else None,
        "operations": [
            {
                "process_code": one.process_code,
                "proposed": one.proposed,
                "kept": one.kept,
                "added": one.added,
                "removed": one.removed,
                "moved": one.moved,
                "times_edited": one.times_edited,
            }
            for one in found.operations
        ],
        "versions": [
            {"model_version": one.model_version, "reviews": one.reviews, "accepted": one.accepted}
            for one in found.versions
        ],
    }


@app.command("list")
def list_reviews(
    item: Annotated[str, typer.Option("--item", help="Only of this item")] = "",
    outcome: Annotated[str, typer.Option("--outcome", help="accepted or changed; default: both")] = "",
    version: Version = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many")] = 20,
) -> None:
    """List reviewed proposals with what was changed, newest first."""
    request = pb.ListProposalReviewsRequest(limit=limit, item_code=item, outcome=outcome, model_version=version)
    found = ask(lambda control: control.call(control.planning.ListProposalReviews, request))
    table = Table(box=None, header_style="dim")
    for heading in ("when", "item", "outcome", "by", "changes"):
        table.add_column(heading, no_wrap=True)
    for review in found.items:
        changes = ", ".join(change_text(change) for change in review.changes)
        table.add_row(when(review.reviewed_at), review.item_code, review.outcome, review.reviewed_by, changes)
    open_console().print(table if found.items else "No proposal was reviewed yet.")


def change_text(change: pb.ProposalChange) -> str:
    """A change in a few words."""
    if change.kind == "time":
        before = f"{change.before:g}" if change.HasField("before") else "?"
        return f"{change.process_code} {change.field} {before} → {change.after:g} min"
    if change.kind == "moved":
        return f"{change.process_code} moved {change.before:g} → {change.after:g}"
    return f"{change.process_code} {change.kind}"
