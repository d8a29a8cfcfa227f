"""The commands of `routing-ml`, put together. Heavy modules are imported by the command that needs them."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.installation import command, installation_settings
from cli.running.orphans import living_orphans
from common.errors import ServiceError
from common.exit_codes import ExitCode
from common.standard_output import finish_standard_output, json_text, prepare_standard_output

"""Standard output could not take what was said, such as a file on a full disk."""

RUNNING, WORK, CARE = "Running the system", "Predictions", "Looking after it"

COMMANDS: Final = (
    ("up", "cli.main:up", RUNNING),
    ("down", "cli.main:down", RUNNING),
    ("status", "cli.main:status", RUNNING),
    ("predict", "cli.predicting.predict_command:predict", WORK),
    ("similar", "cli.predicting.similar_command:similar", WORK),
    ("evaluate", "cli.care.evaluate_command:evaluate", WORK),
    ("proposals", "cli.care.proposal_commands:app", WORK),
    ("models", "cli.care.model_commands:app", CARE),
    ("users", "cli.care.user_commands:app", CARE),
    ("audit", "cli.care.audit_commands:app", CARE),
    ("access", "cli.care.access_commands:app", CARE),
    ("profiles", "cli.care.profile_commands:app", CARE),
    ("erp", "cli.care.erp_commands:app", CARE),
    ("doctor", "cli.care.doctor_command:doctor", CARE),
    ("watchdog", "cli.care.watchdog_command:watchdog", CARE),
    ("metrics", "cli.care.metrics_command:metrics", CARE),
    ("logs", "cli.care.log_commands:logs", CARE),
    ("backup", "cli.care.backup_commands:backup", CARE),
    ("restore", "cli.care.backup_commands:restore", CARE),
    ("bench", "cli.care.bench_command:bench", CARE),
)
"""Name, where it is, and under which heading the help shows it, in the order of the help."""


def up(
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            help="Access file, folder with Parquet or CSV tables, workbook, SQLite file, or address of a database; remembered. "
            "Default: the demo catalogue",
        ),
    ] = None,
    profile: Annotated[
        Path | None,
        typer.Option(
            "--profile", help="Input profile (JSON) of the data; stored and made active before anything is trained"
        ),
    ] = None,
    port: Annotated[int | None, typer.Option("--port", help="Port of the gateway; default 8000")] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Return when everything runs, and leave it running")] = False,
) -> None:
    """Start all processes; train a first version when none is active. Ctrl-C stops them."""
    from cli.running.up import UpOptions
    from cli.running.up import up as start
    from source.databases.address import located

    options = UpOptions(
        data=located(data) if data else None,
        profile=profile.absolute() if profile else None,
        port=port,
        detach=detach,
    )
    raise typer.Exit(start(installation_settings(), options))


def down() -> None:
    """Stop all processes, in order."""
    from cli.running.down import down as stop

    typer.echo(stop(installation_settings()))


def status(
    as_json: Annotated[bool, typer.Option("--json", help="For programs")] = False,
) -> None:
    """Show which processes run, and whether they answer. Exit code 3 when nothing runs."""
    from rich.text import Text

    from cli.running.status import status_table, system_status
    from cli.terminal import open_console

    found = system_status(installation_settings())
    if as_json:
        typer.echo(json_text(found.to_json()))
    elif not found.running:
        typer.echo(f"Routing ML is not running. Start it with: {command('up')}")
        left = len(living_orphans(installation_settings()))
        if left:
            typer.echo(
                f"{left} processes of a start that was killed still run: {command('up')} takes their place, "
                f"{command('down')} ends them"
            )
    else:
        console = open_console()
        console.print(f"Routing ML is {found.phase} at [bold]{found.url}[/bold], health {found.health or 'unknown'}")
        if found.detail:
            console.print(Text(f"  {found.detail}"))
        console.print(Text(f"  data {found.dataset}, input profile {found.profile or 'unknown'}"))
        console.print(status_table(found))
    raise typer.Exit(0 if found.running else ExitCode.NOT_RUNNING)


def command_line(only: str = "") -> typer.Typer:
    """The commands; with `only` nothing but that one, so that a quick command does not wait for the imports of all others."""
    app = typer.Typer(
        name="routing-ml",
        help="Predicts the manufacturing routing of items. Start with [bold]routing-ml up[/bold].",
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(lambda: None)  # keeps the command's name where there is only one
    for name, where, panel in COMMANDS:
        if only in ("", name):
            module, _, attribute = where.partition(":")
            found = getattr(importlib.import_module(module), attribute)
            if isinstance(found, typer.Typer):
                app.add_typer(found, name=name, rich_help_panel=panel)
            else:
                app.command(name, rich_help_panel=panel)(found)
    return app


def main() -> int:
    """Run the command line; errors that a person can act on are one message, without a trace."""
    prepare_standard_output()
    code = _run()
    problem = finish_standard_output()
    if problem:
        _say_error(problem)
        return code or ExitCode.NOT_ALL
    return code


def _run() -> int:
    try:
        named = sys.argv[1] if len(sys.argv) > 1 else ""
        app = command_line(named if any(named == name for name, _, _ in COMMANDS) else "")
        app(prog_name="routing-ml")
    except ServiceError as error:
        _say_error(error.message, *(f"  {violation.field}: {violation.description}" for violation in error.violations))
        return 1
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else 0
    except OSError:
        if not finish_standard_output():
            raise
        return ExitCode.NOT_ALL
    return 0


def _say_error(message: str, *details: str) -> None:
    from rich.console import Console
    from rich.text import Text

    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    errors.print(Text(message, style="red"))
    for detail in details:
        errors.print(Text(detail))
