"""`routing-ml predict`: routings of items, as a table, JSON or CSV."""

from __future__ import annotations

import csv
import enum
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from cli.calls import ask
from cli.predicting.gateway_options import GatewayUrl, GatewayUser
from cli.terminal import open_console
from common.errors import InvalidInput
from common.exit_codes import ExitCode
from common.standard_output import json_text
from plant.client_names import MACHINE, OPERATION_CODE, OPERATION_NAME, RUN_TIME, SETUP_TIME
from plant.mechanical_seals import MECHANICAL_SEALS
from plant.schema import OF_SEVERAL

if TYPE_CHECKING:
    from cli.predicting.prediction import Prediction, Routing

SHOWN = (
    ("PROC_SEQ", "seq"),
    (OPERATION_NAME, "operation"),
    (OPERATION_CODE, "code"),
    (MACHINE, "machine"),
    (SETUP_TIME, "setup min"),
    (RUN_TIME, "run min"),
    (MECHANICAL_SEALS.routing.machine_run, "machine min"),
)


class Format(enum.StrEnum):
    """How the routings are written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def predict(
    codes: Annotated[
        list[str] | None, typer.Argument(metavar="[CODE...]", help="Item codes", show_default=False)
    ] = None,
    file: Annotated[
        str, typer.Option("--file", help="Any number of codes from a .txt, .csv or .parquet file; - is standard input")
    ] = "",
    out: Annotated[
        Path | None, typer.Option("--out", help="With --file: the result, .parquet or .csv", show_default=False)
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="With --file: drop what an interrupted run has predicted")
    ] = False,
    batch: Annotated[int, typer.Option("--batch", min=1, max=10_000, help="With --file: items of a call")] = 500,
    cluster: Annotated[
        bool,
        typer.Option("--cluster", help="With --file: predict on the Ray cluster of ROUTING_ML_RAY_ADDRESS (Linux)"),
    ] = False,
    output: Annotated[Format, typer.Option("--format", help="How to write the routings")] = Format.TABLE,
    top_k: Annotated[int, typer.Option("--top-k", min=1, max=50, help="Similar items to consider")] = 10,
    threshold: Annotated[
        float | None, typer.Option("--threshold", min=0.0, max=1.0, help="Least similarity; default: the setting")
    ] = None,
    detailed: Annotated[bool, typer.Option("--detailed", help="All output columns (json and csv)")] = False,
    url: GatewayUrl = "",
    user: GatewayUser = "",
) -> None:
    """Predict the routings of items. Exit code 4 when an item is unknown or gets none.

    With --file and --out any number of items; a run that was interrupted goes on when the command is repeated.
    """
    if bool(codes) == bool(file):
        raise InvalidInput("Name item codes, or a file with --file, one of the two")
    if file:
        if out is None:
            raise InvalidInput("--file needs --out: the file to write, .parquet or .csv")
        if cluster and url:
            raise InvalidInput(
                "--cluster predicts with the files of this installation, --url by another machine's gateway: one of the two"
            )
        from cli.predicting.bulk_command import predict_file
        from cli.predicting.bulk_prediction import BulkOptions

        options = BulkOptions(top_k, threshold, detailed, batch)
        missing = predict_file(file, out, options, restart=restart, url=url, user=user, cluster=cluster)
        raise typer.Exit(ExitCode.NOT_ALL if missing else 0)
    if out is not None or restart or cluster:
        raise InvalidInput(
            "--out, --restart and --cluster belong to --file; --format csv writes a few items to standard output"
        )
    _show(_predict_some(codes or [], url, user, top_k=top_k, threshold=threshold, detailed=detailed), output)


def _predict_some(
    codes: list[str], url: str, user: str, *, top_k: int, threshold: float | None, detailed: bool
) -> Prediction:
    if url:
        from cli.predicting.remote_prediction import logged_in, predict_remotely

        with logged_in(url, user) as client:
            return predict_remotely(client, codes, top_k=top_k, threshold=threshold, detailed=detailed)
    from cli.predicting.prediction import predict as ask_services

    return ask(lambda control: ask_services(control, codes, top_k=top_k, threshold=threshold, detailed=detailed))


def _show(answer: Prediction, output: Format) -> None:
    if output is Format.JSON:
        typer.echo(json_text(_as_json(answer)))
    elif output is Format.CSV:
        _write_csv(answer)
    else:
        _print_tables(answer)
    for code in answer.unknown:
        typer.secho(f"{code}: the item master does not hold this code", err=True, fg="yellow")
    for code in answer.without_routing:
        typer.secho(f"{code}: no similar item has a routing", err=True, fg="yellow")
    for warning in answer.warnings:
        typer.secho(warning, err=True, fg="yellow")
    raise typer.Exit(ExitCode.NOT_ALL if answer.unknown or answer.without_routing else 0)


def _as_json(answer: Prediction) -> dict[str, object]:
    return {
        "model_version": answer.model_version,
        "items": [{**routing.columns, "operations": routing.operations} for routing in answer.routings],
        "unknown_items": answer.unknown,
        "items_without_routing": answer.without_routing,
    }


def _write_csv(answer: Prediction) -> None:
    rows = [{**routing.columns, **operation} for routing in answer.routings for operation in routing.operations]
    if rows:
        writer = csv.DictWriter(sys.stdout, fieldnames=list(dict.fromkeys(name for row in rows for name in row)))
        writer.writeheader()
        writer.writerows(rows)


def _print_tables(answer: Prediction) -> None:
    console = open_console()
    for routing in answer.routings:
        console.print(Text(heading(routing), style="bold"))
        present = {name for name, _title in SHOWN if any(row.get(name) is not None for row in routing.operations)}
        if OPERATION_NAME in present:
            present.discard(OPERATION_CODE)  # the code is for plants that do not name their operations
        shown = [pair for pair in SHOWN if pair[0] in present]
        table = Table(box=None, header_style="dim", padding=(0, 2))
        for name, title in shown:
            table.add_column(
                title, no_wrap=True, justify="right" if name.endswith(("TIME", "HOURS", "SEQ")) else "left"
            )
        for row in routing.operations:
            table.add_row(*(_cell(row.get(name)) for name, _title in shown))
        console.print(table)
    if answer.routings:
        console.print(Text(f"model version {answer.model_version}", style="dim"))


def heading(routing: Routing) -> str:
    """A routing in one line: item, candidate, how it came about."""
    columns = routing.columns
    similarity = columns.get("SIMILARITY_SCORE")
    score = f"similarity {similarity:.3f}" if isinstance(similarity, float) else ""
    parts = (
        columns.get("ITEM_CD"),
        columns.get("CANDIDATE_ID"),
        columns.get("PRIORITY"),
        score,
        _reference(columns.get("REFERENCE_ITEM_CD"), str(columns.get("CANDIDATE_ID")).endswith("_MLP")),
        columns.get("ROUTING_SIGNATURE"),
    )
    return "  ".join(str(part) for part in parts if part)


def _reference(item: object, merged: bool) -> str:
    """Which items the routing was taken from."""
    if item == OF_SEVERAL:
        return "agreed on by neighbours and models" if merged else "of operations of several items"
    return f"after {item}" if item else ""


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.2f}" if isinstance(value, float) else str(value)
