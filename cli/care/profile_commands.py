"""`routing-ml profiles`: the input profiles of the installation, and checking a profile in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from cli.calls import ask
from cli.care.model_commands import when
from cli.care.suggest_command import suggest
from cli.running.stored_profiles import activate_profile, read_active, save_profile
from cli.terminal import open_console
from common.files import write_text
from common.standard_output import json_text
from protos.documents.v1 import documents_pb2 as pb

app = typer.Typer(help="Input profiles: the plant's schema and where its columns come from.", no_args_is_help=True)

ProfileFile = Annotated[Path, typer.Argument(help="Input profile (JSON)", show_default=False)]
ProfileName = Annotated[str, typer.Argument(help="Name of a profile", show_default=False)]
INPUT = pb.PROFILE_KIND_INPUT


@app.command()
def check(
    file: ProfileFile,
    data: Annotated[Path | None, typer.Option("--data", help="Also check it against this source")] = None,
    values: Annotated[bool, typer.Option("--values", help="Read every table of the source")] = False,
) -> None:
    """Say everything that is wrong with a profile in a file. Exit code 1 when something is."""
    from plant.input_profile import InputProfile
    from plant.profile_files import read_profile_text
    from source.databases.address import located
    from source.diagnosis import diagnose

    profile = InputProfile.read(read_profile_text(file))
    problems, warnings = [f"{one.field}: {one.description}" for one in profile.violations()], list[str]()
    if data is not None and not problems:
        found = diagnose(located(data), profile, read_values=values)
        problems += [] if found.ok else [found.verdict]
        problems += [role.problem for role in found.roles if role.problem and role.problem not in found.verdict]
        warnings = list(found.warnings)
    console = open_console()
    for warning in warnings:
        console.print(Text(warning, style="yellow"))
    for problem in problems:
        console.print(Text(problem, style="red"))
    if problems:
        raise typer.Exit(1)
    features = sum(one.active for one in profile.plant.features)
    console.print(
        Text(f"{profile.name}: {profile.plant.name}, {features} active features, {len(profile.columns)} columns mapped")
    )


@app.command()
def schema() -> None:
    """Print the JSON schema of input profiles."""
    from plant.input_profile import profile_json_schema

    typer.echo(json_text(profile_json_schema()))


@app.command("list")
def list_profiles() -> None:
    """List the profiles of the installation; the active one is marked."""
    answer = ask(lambda control: control.call(control.mapping.ListProfiles, pb.ListProfilesRequest(kind=INPUT)))
    table = Table(box=None, header_style="dim")
    for heading in ("", "profile", "revision", "changed", "by", "problems"):
        table.add_column(heading, no_wrap=True)
    for one in answer.profiles:
        mark = "*" if one.active else ""
        table.add_row(
            mark,
            Text(one.name),
            str(one.revision),
            when(one.updated_at),
            one.author,
            Text("; ".join(one.problems)[:80]),
        )
    open_console().print(table)


@app.command()
def show(name: Annotated[str, typer.Argument(help="Name of a profile; default: the active one")] = "") -> None:
    """Print a profile as JSON."""
    import json

    request = pb.GetProfileRequest(kind=INPUT, name=name)
    found = ask(lambda control: control.call(control.mapping.GetProfile, request))
    typer.echo(json_text(json.loads(found.profile_json)))


@app.command()
def save(file: ProfileFile) -> None:
    """Store the profile of a file, as a new one or as the next revision of the one of its name."""
    from plant.profile_files import read_profile

    profile = read_profile(file)
    typer.echo(ask(lambda control: save_profile(control, profile)))


@app.command()
def activate(name: ProfileName) -> None:
    """Make a profile the active one; says what has to be read or trained again."""
    for line in ask(lambda control: activate_profile(control, name)):
        typer.echo(line)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="File to write", show_default=False)],
    names: Annotated[list[str] | None, typer.Option("--name", help="Only this profile; may be repeated")] = None,
) -> None:
    """Write profiles to a file, all that are not built in or those that are named."""
    request = pb.ExportProfilesRequest(kind=INPUT, names=names or [])
    found = ask(lambda control: control.call(control.mapping.ExportProfiles, request))
    write_text(file, found.content + "\n")
    typer.echo(f"Written: {file}")


@app.command("import")
def import_profiles(file: ProfileFile) -> None:
    """Take over exported profiles, or a single one, by name."""
    from plant.profile_files import read_profile_text

    request = pb.ImportProfilesRequest(kind=INPUT, content=read_profile_text(file))
    done = ask(lambda control: control.call(control.mapping.ImportProfiles, request))
    for what, listed in (("created", done.created), ("changed", done.updated), ("unchanged", done.unchanged)):
        if listed:
            typer.echo(f"{what}: {', '.join(listed)}")


@app.command()
def active() -> None:
    """Name the active profile and its plant."""
    profile = ask(read_active)
    typer.echo(f"{profile.name}: {profile.plant.name}")


app.command()(suggest)
