"""`routing-ml doctor`: everything that an installation needs, checked, with what to do where something is wrong."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.text import Text

from cli.calls import running_settings
from cli.terminal import open_console
from common.standard_output import json_text

MARKS = {"ok": ("✓", ""), "warn": ("!", "yellow"), "fail": ("✗", "red")}


def doctor(as_json: Annotated[bool, typer.Option("--json", help="For programs")] = False) -> None:
    """Check this installation and say what to do. Exit code 1 when something does not work."""
    from cli.care.doctor import FAIL, WARN, Finding, examine, known_dataset

    settings = running_settings()
    console = open_console()
    found: list[Finding] = []
    for finding in examine(settings, known_dataset(settings)):
        found.append(finding)
        if not as_json:
            mark, style = MARKS[finding.status]
            console.print(Text(f"{mark} {finding.check:<13}{finding.text}", style=style))
    failed = sum(finding.status == FAIL for finding in found)
    if as_json:
        typer.echo(json_text({"ok": not failed, "findings": [asdict(one) for one in found]}))
    else:
        warned = sum(finding.status == WARN for finding in found)
        console.print(Text(f"{len(found)} checks: {failed} failed, {warned} to be looked at", style="bold"))
    raise typer.Exit(1 if failed else 0)
