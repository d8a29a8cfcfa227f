"""`routing-ml access`: whether a data source can be read, and what is wrong when it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from cli.terminal import SOURCE_HELP, open_console
from common.standard_output import json_text

if TYPE_CHECKING:
    from source.diagnosis import Diagnosis, RoleFinding

app = typer.Typer(help="Data sources: Access files, folders of tables, workbooks, databases.", no_args_is_help=True)


@app.callback()
def access() -> None:
    """Data sources: Access files, folders of tables, workbooks, databases."""


@app.command()
def diagnose(
    file: Annotated[
        Path,
        typer.Argument(
            help=SOURCE_HELP,
            show_default=False,
        ),
    ],
    values: Annotated[
        bool, typer.Option("--values", help="Read every table: null shares, examples, values that do not fit")
    ] = False,
    profile: Annotated[
        Path | None, typer.Option("--profile", help="Input profile (JSON) to check against; default: the built-in one")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs")] = False,
) -> None:
    """Tell drivers, connection, tables, columns against the mapping, row counts, and one verdict. Exit code 1 when it cannot be used."""
    from plant.profile_files import read_profile
    from source.databases.address import located
    from source.diagnosis import diagnose as look_into

    wanted = read_profile(profile) if profile else None
    found = look_into(located(file), wanted, read_values=values)
    if as_json:
        typer.echo(json_text(found.to_dict(), default=str))
    else:
        _print(found, with_columns=values)
    raise typer.Exit(0 if found.ok else 1)


def _print(found: Diagnosis, *, with_columns: bool) -> None:
    console = open_console()
    facts = (
        ("source", found.path),
        ("kind", found.kind),
        ("this Python", f"{found.python_bitness}-bit"),
        ("ODBC drivers", ", ".join(found.drivers) or "none"),
        (
            "driver used",
            found.driver or ("none: read as it is stored, without a driver" if found.kind == "Access" else ""),
        ),
        ("connection", found.connection_string),
        ("tables", ", ".join(found.tables)),
    )
    for label, value in facts:
        if value:
            console.print(Text(f"{label:<14}{value}"))
    for role in found.roles:
        console.print()
        console.print(Text(f"{role.role}: {role.table or role.wanted_table}", style="bold"))
        for line in _role_lines(role):
            console.print(Text(f"  {line}"))
        if with_columns and role.columns:
            console.print(_columns_table(role))
    console.print()
    for warning in found.warnings:
        console.print(Text(f"! {warning}", style="yellow"))
    mark, style = ("✓", "green") if found.ok else ("✗", "red")
    console.print(Text(f"{mark} {found.verdict}", style=style))


def _role_lines(role: RoleFinding) -> list[str]:
    lines = []
    if role.rows is not None:
        lines.append(f"{role.rows:,} rows, {len(role.columns)} columns")
    if role.missing_required:
        lines.append(f"required and missing: {', '.join(role.missing_required)}")
    if role.missing_optional:
        lines.append(f"optional and missing: {', '.join(role.missing_optional)}")
    if role.unmapped:
        lines.append(f"not used: {', '.join(role.unmapped)}")
    if role.problem:
        lines.append(role.problem)
    return lines


def _columns_table(role: RoleFinding) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 2))
    for heading in ("column", "type", "absent", "examples"):
        table.add_column(heading, no_wrap=True)
    for column in role.columns:
        absent = "" if column.null_share is None else f"{column.null_share:.1%}"
        table.add_row(
            Text(column.name), str(column.type), absent, Text(", ".join(str(e) for e in column.examples)[:60])
        )
    return table
