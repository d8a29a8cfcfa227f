"""`routing-ml evaluate`: how good the predictions of a version are, as a table, JSON or an HTML report."""

from __future__ import annotations

import enum
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from cli.calls import ask
from cli.installation import installation_settings
from cli.running.run_record import read_record
from cli.terminal import open_console
from common.errors import NotFound, Unauthenticated, Unavailable
from common.files import write_text
from protos.registry.v1 import registry_pb2 as pb

if TYPE_CHECKING:
    from common.settings import Settings
    from plant.settings import PlantSettings
    from trainer.evaluation import EvaluationOptions

SHOWN = (
    ("items", "items"),
    ("sequence_exact", "sequence exact"),
    ("set_f1", "set F1"),
    ("run_time_mape", "run time MAPE"),
    ("run_time_median_error", "run time, median error"),
    ("run_time_bias", "run time, bias"),
    ("top_recall", "right one proposed"),
    ("edit_distance", "edit distance"),
    ("calibration_error", "calibration error"),
)
FAMILIES_SHOWN = 12


class Against(enum.StrEnum):
    """What predictions are judged against."""

    AUTO = "auto"
    TRUTH = "truth"
    ROUTINGS = "routings"


class Which(enum.StrEnum):
    """Which items are judged."""

    ALL = "all"
    WITH_ROUTING = "with-routing"
    WITHOUT_ROUTING = "without-routing"


class Strategy(enum.StrEnum):
    """How routings are predicted."""

    NEAREST = "nearest"
    CONSENSUS = "consensus"


def evaluate(
    version: Annotated[
        str, typer.Argument(help="Name of a version, or its folder; default: the active one", show_default=False)
    ] = "",
    source: Annotated[
        Path | None, typer.Option("--source", help="Access file, or folder with tables; default: the one that serves")
    ] = None,
    profile: Annotated[
        Path | None, typer.Option("--profile", help="Input profile (JSON) to read it through; default: the active one")
    ] = None,
    items: Annotated[int, typer.Option("--items", min=0, help="Items to judge, drawn at random; 0: all")] = 1000,
    seed: Annotated[int, typer.Option("--seed", help="Of the drawing")] = 1,
    top_k: Annotated[int, typer.Option("--top-k", min=1, max=50, help="Similar items to consider")] = 50,
    threshold: Annotated[
        float | None, typer.Option("--threshold", min=0.0, max=1.0, help="Least similarity; default: the setting")
    ] = None,
    strategy: Annotated[
        list[Strategy] | None, typer.Option("--strategy", help="May be given twice; default: the setting")
    ] = None,
    against: Annotated[
        Against, typer.Option("--against", help="auto: the table `truth` where the source has it, else the routings")
    ] = Against.AUTO,
    which: Annotated[Which, typer.Option("--which", help="without-routing needs a truth")] = Which.ALL,
    codes: Annotated[
        Path | None, typer.Option("--codes", help="File with the item codes to judge, one a line", show_default=False)
    ] = None,
    newest: Annotated[
        int,
        typer.Option(
            "--newest", min=0, help="Judge this many items with the newest routings, all held out together; 0: a sample"
        ),
    ] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write everything to this JSON file")] = None,
    html_file: Annotated[Path | None, typer.Option("--html", help="Write a report with plots to this file")] = None,
) -> None:
    """Judge the predictions of a version: each item is predicted from all others as if it had no routing."""
    from dataclasses import replace

    from plant.profile_files import read_profile
    from routings.plant_prediction import prediction_options
    from source import open_mapped
    from source.databases.address import located
    from trainer.control_cache import newest_settings
    from trainer.evaluation import EvaluationOptions
    from trainer.version_evaluation import Asked, evaluate_version

    settings = installation_settings()
    known = newest_settings(settings.run_path)
    mapping = read_profile(profile) if profile else known.profile
    folder = version_folder(settings, version)
    opened = open_mapped(located(source) if source else source_that_serves(settings, known.plant), known.profile)
    usual = prediction_options(known.plant)
    usual = usual if threshold is None else replace(usual, threshold=threshold)
    asked = Asked(against.value, which.value, read_codes(codes) if codes else ())
    console = open_console()
    found: list[dict[str, Any]] = []
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        for name in [one.value for one in strategy or []] or [usual.strategy]:
            options: EvaluationOptions = EvaluationOptions(
                items, top_k, seed, prediction=replace(usual, strategy=name), newest=newest
            )
            task = progress.add_task(f"Judging {name}", total=newest or items or None)
            found.append(
                evaluate_version(
                    folder,
                    opened,
                    mapping,
                    options,
                    asked,
                    derived=settings.state_dir / "derived" / folder.name,
                    on_items=lambda done, task=task: progress.update(task, completed=done),  # type: ignore[misc]
                )
            )
    document = {"version": folder.name, "source": opened.description, "evaluations": found}
    _print(document)
    if json_file:
        write_text(json_file, json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    if html_file:
        from cli.care.evaluation_report import html_report

        write_text(html_file, html_report(document))
        console.print(Text(f"report: {html_file}", style="dim"))


def version_folder(settings: Settings, version: str) -> Path:
    """The folder of a version, given by name or as a folder; "": the active one.

    Raises:
        NotFound: there is none.
        Unavailable: the registry has to be asked and Routing ML does not run.
    """
    for candidate in (Path(version), settings.models_dir / version) if version else ():
        if (candidate / "manifest.json").is_file():
            return candidate.absolute()
    try:
        answer = ask(lambda control: control.call(control.registry.List, pb.ListVersionsRequest()))
    except (Unavailable, Unauthenticated) as error:
        if not version:
            raise
        raise NotFound(
            f"There is no version {version} in {settings.models_dir}, and the registry cannot be asked: {error.message}"
        ) from None
    for listed in answer.versions:
        if listed.version_name == version or (not version and listed.active):
            return Path(listed.artifact_dir)
    raise NotFound(f"The registry has no version {version}" if version else "No version is active: name one")


def source_that_serves(settings: Settings, plant: PlantSettings) -> Path:
    """The source that the running system serves, or served last."""
    from source.serving_source import serving_source

    record = read_record(settings.run_path)
    if settings.initial_dataset is None and record is not None and record.dataset:
        settings = settings.model_copy(update={"initial_dataset": Path(record.dataset)})
    return serving_source(settings, plant).path


def read_codes(path: Path) -> list[str]:
    """Item codes of a file, one a line.

    Raises:
        NotFound: the file cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise NotFound(f"The file of item codes {path} cannot be read: {error.strerror}") from None
    return [line.strip() for line in lines if line.strip()]


def _print(document: dict[str, Any]) -> None:
    console = open_console()
    first = document["evaluations"][0]["summary"]
    console.print(
        Text(f"{document['version']} on {document['source']}, judged against {first['judged_against']}", style="bold")
    )
    table = Table(box=None, header_style="dim")
    for heading in ("strategy", *(title for _name, title in SHOWN)):
        table.add_column(heading, justify="left" if heading == "strategy" else "right", no_wrap=True)
    for found in document["evaluations"]:
        table.add_row(found["summary"]["strategy"], *cells_of(found["summary"]))
    last = document["evaluations"][-1]
    table.add_section()
    for group in last["by_neighbours"]:
        to = f"-{group['to']}" if group["to"] not in (None, group["from"]) else "+" if group["to"] is None else ""
        table.add_row(f"  {group['from']}{to} neighbours", *cells_of(group))
    table.add_section()
    for group in last["by_family"][:FAMILIES_SHOWN]:
        table.add_row(f"  family {group['family']}", *cells_of(group))
    console.print(table)
    more = len(last["by_family"]) - FAMILIES_SHOWN
    if more > 0:
        console.print(Text(f"  and {more} more families (--json, --html)", style="dim"))


def cells_of(figures: dict[str, Any]) -> list[str]:
    """The shown figures as texts."""
    shown = [figures.get(name) for name, _title in SHOWN]  # older documents have fewer figures
    return ["" if value is None else f"{value:,.3f}".removesuffix(".000") for value in shown]
