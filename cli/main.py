"""The commands of `routing-ml`, put together. Heavy modules are imported by the command that needs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from cli.care.access_commands import app as access_app
from cli.care.audit_commands import app as audit_app
from cli.care.backup_commands import backup, restore
from cli.care.bench_command import bench
from cli.care.doctor_command import doctor
from cli.care.erp_commands import app as erp_app
from cli.care.evaluate_command import evaluate
from cli.care.log_commands import logs
from cli.care.metrics_command import metrics
from cli.care.model_commands import app as models_app
from cli.care.proposal_commands import app as proposals_app
from cli.care.user_commands import app as users_app
from cli.care.watchdog_command import watchdog
from cli.installation import command, installation_settings
from cli.predicting.predict_command import predict
from cli.running.orphans import living_orphans
from cli.running.run_record import read_record
from cli.terminal import open_console
from common.errors import ServiceError

EXIT_NOT_RUNNING = 3

app = typer.Typer(
    name="routing-ml",
    help="Predicts the manufacturing routing of items. Start with [bold]routing-ml up[/bold].",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
RUNNING, WORK, CARE = "Running the system", "Predictions", "Looking after it"


@app.command(rich_help_panel=RUNNING)
def up(
    data: Annotated[
        Path | None,
        typer.Option(
            "--data", help="Access file, or folder with Parquet or CSV tables; remembered. Default: the demo catalogue"
        ),
    ] = None,
    port: Annotated[int | None, typer.Option("--port", help="Port of the gateway; default 8000")] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Return when everything runs, and leave it running")] = False,
) -> None:
    """Start all processes; train a first version when none is active. Ctrl-C stops them."""
    from cli.running.up import UpOptions
    from cli.running.up import up as start

    options = UpOptions(data=data.absolute() if data else None, port=port, detach=detach)
    raise typer.Exit(start(installation_settings(), options))


@app.command(rich_help_panel=RUNNING)
def down() -> None:
    """Stop all processes, in order."""
    from cli.running.down import down as stop

    typer.echo(stop(installation_settings()))


@app.command(rich_help_panel=RUNNING)
def status(
    as_json: Annotated[bool, typer.Option("--json", help="For programs")] = False,
) -> None:
    """Show which processes run, and whether they answer. Exit code 3 when nothing runs."""
    from cli.running.status import status_table, system_status

    found = system_status(installation_settings())
    if as_json:
        typer.echo(json.dumps(found.to_json(), ensure_ascii=False, indent=1))
    elif not found.running:
        typer.echo(f"Routing ML is not running. Start it with: {command('up')}")
        left = len(living_orphans(read_record(installation_settings().run_path)))
        if left:
            typer.echo(f"{left} processes of a start that was killed still run: {command('down')} ends them")
    else:
        console = open_console()
        console.print(f"Routing ML is {found.phase} at [bold]{found.url}[/bold], health {found.health or 'unknown'}")
        if found.detail:
            console.print(Text(f"  {found.detail}"))
        console.print(Text(f"  data {found.dataset}"))
        console.print(status_table(found))
    raise typer.Exit(0 if found.running else EXIT_NOT_RUNNING)


app.command(rich_help_panel=WORK)(predict)
app.command(rich_help_panel=WORK)(evaluate)
app.add_typer(proposals_app, name="proposals", rich_help_panel=WORK)
app.add_typer(models_app, name="models", rich_help_panel=CARE)
app.add_typer(users_app, name="users", rich_help_panel=CARE)
app.add_typer(audit_app, name="audit", rich_help_panel=CARE)
app.add_typer(access_app, name="access", rich_help_panel=CARE)
app.add_typer(erp_app, name="erp", rich_help_panel=CARE)
app.command(rich_help_panel=CARE)(doctor)
app.command(rich_help_panel=CARE)(watchdog)
app.command(rich_help_panel=CARE)(metrics)
app.command(rich_help_panel=CARE)(logs)
app.command(rich_help_panel=CARE)(backup)
app.command(rich_help_panel=CARE)(restore)
app.command(rich_help_panel=CARE)(bench)


def main() -> int:
    """Run the command line; errors that a person can act on are one message, without a trace."""
    try:
        app(prog_name="routing-ml")
    except ServiceError as error:
        errors = Console(stderr=True, highlight=False, soft_wrap=True)
        errors.print(Text(error.message, style="red"))
        for violation in error.violations:
            errors.print(Text(f"  {violation.field}: {violation.description}"))
        return 1
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else 0
    return 0
