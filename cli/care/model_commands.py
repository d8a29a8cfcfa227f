"""`routing-ml models`: versions of the model, which one serves, and whether one can be trusted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from cli.calls import ask
from cli.care.model_check import check
from cli.care.retention_command import retention
from cli.control_plane import ControlPlane
from cli.installation import installation_settings
from cli.terminal import open_console, quoted
from common.errors import PreconditionFailed
from common.local_time import local_time
from common.patience import LONGEST_CALL_SECONDS
from common.standard_output import json_text
from protos.registry.v1 import registry_pb2 as pb
from trained.travel import VersionCache

app = typer.Typer(help="Versions of the model: list, check, activate, roll back.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the version", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="For programs")]
Reason = Annotated[str, typer.Option("--reason", help="Why, for the history")]

app.command()(check)
app.command()(retention)


@app.command("list")
def list_versions(as_json: AsJson = False) -> None:
    """List all versions, newest first."""
    answer = ask(lambda control: control.call(control.registry.List, pb.ListVersionsRequest()))
    if as_json:
        typer.echo(json_text([version_facts(version) for version in answer.versions]))
        return
    if not answer.versions:
        typer.echo("No version is registered yet: train one with train_build_index.py, or `routing-ml models adopt`.")
        return
    table = Table(box=None, header_style="dim")
    for heading in ("", "version", "status", "trained", "activated", "size", "requested by", "right routings"):
        table.add_column(heading, no_wrap=True)
    for version in answer.versions:
        table.add_row(
            "[green]●[/green]" if version.active else "",
            version.version_name,
            version.status,
            when(version.trained_at),
            when(version.activated_at),
            f"{version.bytes / 1024**2:.1f} MB",
            version.requested_by,
            held_out(evaluation_of(Path(version.manifest_path))),
        )
    open_console().print(table)


@app.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show one version, its history and what its manifest says."""

    async def work(control: ControlPlane) -> tuple[pb.GetVersionResponse, pb.HistoryResponse]:
        version = await control.call(control.registry.Get, pb.GetVersionRequest(version_name=name))
        history = await control.call(control.registry.History, pb.HistoryRequest(version_name=name))
        return version, history

    answer, history = ask(work)
    manifest = json.loads(answer.manifest_json) if answer.manifest_json else {}
    if as_json:
        typer.echo(json_text({**version_facts(answer.version), "manifest": manifest}))
        return
    console = open_console()
    for label, value in version_facts(answer.version).items():
        console.print(Text(f"{label.replace('_', ' '):<18}{value}"))
    metadata = manifest.get("metadata", {})
    for label in ("items", "dimension", "engine", "default_ef_search"):
        if label in metadata:
            console.print(Text(f"{label.replace('_', ' '):<18}{metadata[label]}"))
    quality = held_out(metadata.get("evaluation") or {})
    if quality:
        console.print(Text(f"{'right routings':<18}{quality}"))
    if manifest:
        console.print(Text(f"{'artifacts':<18}{', '.join(sorted(manifest.get('artifacts', {})))}"))
    for entry in history.entries:
        console.print(
            Text(f"  {when(entry.at)}  {entry.action} by {entry.actor or 'nobody'}  {entry.reason}"), style="dim"
        )


@app.command()
def verify(name: Name) -> None:
    """Check a version: hashes, loading, a few searches. Exit code 1 when it cannot be served."""
    request = pb.VerifyRequest(version_name=name)
    answer = ask(lambda control: control.call(control.registry.Verify, request, timeout=LONGEST_CALL_SECONDS))
    for passed in answer.passed:
        typer.secho(f"✓ {passed}", fg="green")
    for problem in answer.problems:
        typer.secho(f"✗ {problem}", fg="red")
    typer.echo(f"{name} {'can be served' if answer.ok else 'cannot be served'} ({answer.elapsed_ms / 1000:.1f} s)")
    raise typer.Exit(0 if answer.ok else 1)


@app.command()
def activate(name: Name, reason: Reason = "") -> None:
    """Make a version active, after every process has proved that it can serve it."""
    request = pb.ActivateRequest(version_name=name, reason=reason)
    _say_activation(ask(lambda control: control.call(control.registry.Activate, request, timeout=LONGEST_CALL_SECONDS)))


@app.command()
def rollback(
    reason: Reason = "",
    steps: Annotated[int, typer.Option("--steps", min=1, help="How many activations to go back")] = 1,
) -> None:
    """Make the version that was active before active again."""
    request = pb.RollBackRequest(reason=reason, steps=steps)
    _say_activation(ask(lambda control: control.call(control.registry.RollBack, request, timeout=LONGEST_CALL_SECONDS)))


@app.command()
def adopt(
    folder: Annotated[
        Path, typer.Argument(help="Folder with the artifacts; nothing in it is changed", show_default=False)
    ],
    name: Annotated[str, typer.Option("--name", help="Name of the version; default: the folder's")] = "",
) -> None:
    """Register a version that came from elsewhere, such as one of the older system."""
    request = pb.AdoptRequest(artifact_dir=str(folder.absolute()), version_name=name)
    version = ask(lambda control: control.call(control.registry.Adopt, request, timeout=LONGEST_CALL_SECONDS))
    typer.echo(
        f"{version.version_name} is registered. Activate it with: routing-ml models activate {quoted(version.version_name)}"
    )


@app.command()
def publish(name: Name) -> None:
    """Put a version that lies on this host into the artifact store, from where the other hosts fetch it."""
    settings = installation_settings()
    versions = VersionCache.of(settings)
    if versions.place is None:
        raise PreconditionFailed(
            "There is no artifact store: ROUTING_ML_ARTIFACT_STORE names none, so versions stay where they are"
        )
    found = ask(lambda control: control.call(control.registry.Get, pb.GetVersionRequest(version_name=name))).version
    sent = versions.publish(Path(found.artifact_dir), Path(found.manifest_path))
    typer.echo(f"{name} is in {versions.place.name} ({sent / 1e6:.1f} MB were new)")


@app.command()
def doctor(
    folder: Annotated[
        Path | None,
        typer.Argument(help="A folder with artifacts, registered or not; default: every registered version"),
    ] = None,
) -> None:
    """Check every version, or a folder, and what is wrong with it. Exit code 1 when one cannot be served."""
    if folder is not None:
        raise typer.Exit(_examine_folder(folder))

    async def work(control: ControlPlane) -> list[tuple[pb.Version, pb.VerifyResponse]]:
        listed = await control.call(control.registry.List, pb.ListVersionsRequest())
        found = []
        for version in listed.versions:
            if version.withdrawn:
                continue  # nobody can activate it; its files may be gone
            request = pb.VerifyRequest(version_name=version.version_name)
            found.append((version, await control.call(control.registry.Verify, request, timeout=LONGEST_CALL_SECONDS)))
        return found

    checked = ask(work)
    for version, answer in checked:
        mark = typer.style("✓", fg="green") if answer.ok else typer.style("✗", fg="red")
        typer.echo(f"{mark} {version.version_name} ({'active' if version.active else version.status})")
        for problem in answer.problems:
            typer.echo(f"    {problem}")
    if not checked:
        typer.echo("No version is registered.")
    raise typer.Exit(0 if all(answer.ok for _version, answer in checked) else 1)


def _examine_folder(folder: Path) -> int:
    """Print what the doctor found about a folder; returns the exit code."""
    from cli.care.model_doctor import examine

    found = examine(folder)
    for passed in found.passed:
        typer.echo(f"{typer.style('✓', fg='green')} {passed}")
    for problem in found.problems:
        typer.echo(f"{typer.style('✗', fg='red')} {problem}")
    if found.problems:
        typer.echo(f"{folder} cannot be served")
        return 1
    typer.echo(f"{folder} can be served. Register it with: routing-ml models adopt {quoted(str(folder))}")
    return 0


def _say_activation(answer: pb.ActivateResponse) -> None:
    typer.echo(f"{answer.version.version_name} is active (revision {answer.revision}).")
    if answer.confirmed_by:
        typer.echo(f"  confirmed by {', '.join(answer.confirmed_by)}")
    if answer.away:
        typer.echo(f"  away, will catch up: {', '.join(answer.away)}")


def version_facts(version: pb.Version) -> dict[str, object]:
    """What the registry knows of a version, times as ISO text."""
    return {
        "version_name": version.version_name,
        "status": version.status,
        "active": version.active,
        "artifact_dir": version.artifact_dir,
        "manifest_path": version.manifest_path,
        "requested_by": version.requested_by,
        "created_at": when(version.created_at),
        "trained_at": when(version.trained_at),
        "activated_at": when(version.activated_at),
        "bytes": version.bytes,
        "manifest_sha256": version.manifest_sha256,
    }


def evaluation_of(manifest: Path) -> dict[str, Any]:
    """The summary of a version's own evaluation; empty where it has none, or the file cannot be read from here."""
    try:
        found = json.loads(manifest.read_text(encoding="utf-8"))["metadata"]["evaluation"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def held_out(evaluation: Mapping[str, Any]) -> str:
    """How many held-out items got the right routing, beside the best simple method: "forest .97, best simple method (group) .95"."""
    try:
        own, simple = (f"{float(evaluation[name]):.2f}".removeprefix("0") for name in ("method_exact", "simple_exact"))
        return f"{evaluation['method']} {own}, best simple method ({evaluation['simple_method']}) {simple}"
    except (KeyError, TypeError, ValueError):
        return ""


def when(seconds: float) -> str:
    """Local time of seconds since 1970 with its distance from UTC; "" for never."""
    return local_time(seconds)
