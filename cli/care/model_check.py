"""`routing-ml models check`: every folder under models/ against the rules and its manifest; no process has to run."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from cli.installation import installation_settings
from cli.terminal import open_console
from common.errors import NotFound
from common.exit_codes import ExitCode
from common.standard_output import json_text
from trained.artifacts.folder_check import FolderFinding, check_folder, report, version_folders
from trained.artifacts.rules import artifact_rules


def check(
    models: Annotated[
        Path | None, typer.Option("--models", help="Folder with the versions; default: the installation's")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write manifests anew also where there is one (register the versions again)")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write no manifest")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs")] = False,
) -> None:
    """Check artifacts, sizes and hashes of every version; write missing manifests. Exit code 1: a problem, 2: no such folder."""
    folder = models.absolute() if models else installation_settings().models_dir
    try:
        folders = version_folders(folder)
    except NotFound as error:
        typer.echo(error.message, err=True)
        raise typer.Exit(ExitCode.USAGE) from None
    findings = [check_folder(one, write=not dry_run, force=force) for one in folders]
    if as_json:
        moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        typer.echo(json_text(report(folder, findings, moment)))
    else:
        _print(folder, findings)
    raise typer.Exit(0 if all(finding.ok for finding in findings) else ExitCode.FAILED)


def _print(folder: Path, findings: list[FolderFinding]) -> None:
    console = open_console()
    if not findings:
        console.print(Text(f"There is no version in {folder}."))
        return
    needed = len(artifact_rules().required)
    table = Table(box=None, header_style="dim")
    for heading in ("", "version", "required", "optional", "size", "manifest"):
        table.add_column(heading, no_wrap=True)
    for finding in findings:
        present = [artifact for artifact in finding.artifacts if artifact.present]
        required = sum(artifact.required for artifact in present)
        table.add_row(
            Text("✓", style="green") if finding.ok else Text("✗", style="red"),
            finding.version,
            f"{required} of {needed}",
            str(len(present) - required),
            f"{finding.bytes / 1024**2:.1f} MB",
            finding.manifest,
        )
    console.print(table)
    for finding in findings:
        for problem in finding.problems:
            console.print(Text(f"  {finding.version}: {problem}", style="red"))
