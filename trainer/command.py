"""The command line of a training: its options and what they mean. train_build_index.py calls `trainer.run.main`."""

from __future__ import annotations

import argparse
import getpass
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from common.errors import InvalidInput
from plant.blueprint.options import PipelineOptions
from source.databases.address import located
from trained.index.engine import EF_CONSTRUCTION, ENGINES, M
from trainer.exit_codes import MEANINGS
from trainer.version_folder import LONGEST_LABEL, version_name


@dataclass(frozen=True)
class TrainingRequest:
    """What a run was asked for.

    Attributes:
        save_dir: folder of the version, absolute; its name is the version's. None: one is made up in the models folder.
        dataset: source; None: that of the settings.
        label: for people, and part of a name that is made up.
        requested_by: who asks.
        registry_path: SQLite file of the registry; None: auth_service.
        state_path: status file or folder; None: in the state folder.
        lock_timeout: seconds to wait for another training.
        dry_run: read and check, write nothing.
        activate: activate the version when it passes the gate.
        export_projector: None: no export asked for on the command line.
        projector_metadata: columns of the export; empty: the setting.
        time_profiles: learn time profiles whatever the settings say.
        engine, m, ef_construction, threads: None: what the settings say.
        settings_file: settings of the trainer service; None: what the installation last knew.
        job_id: identifier of the run.
        profile_file: input profile to read the source through; None: the active one.
        model_of: folder of a version whose model is taken over; None: a model of one's own is made.
        plant: plant to train for, as auth_service lists it: its source and profile are used. "": the one that serves.
    """

    save_dir: Path | None
    dataset: Path | None
    label: str
    requested_by: str
    registry_path: Path | None
    state_path: Path | None
    lock_timeout: float
    dry_run: bool
    activate: bool
    export_projector: bool
    projector_metadata: tuple[str, ...]
    time_profiles: bool
    engine: str | None
    m: int | None
    ef_construction: int | None
    threads: int | None
    settings_file: Path | None
    job_id: str
    profile_file: Path | None = None
    plant: str = ""
    model_of: Path | None = None

    def changed(self, options: PipelineOptions) -> PipelineOptions:
        """The pipeline with what the command line says otherwise."""
        index = options.index
        index = replace(
            index,
            engine=self.engine or index.engine,
            m=index.m if self.m is None else self.m,
            ef_construction=index.ef_construction if self.ef_construction is None else self.ef_construction,
            threads=index.threads if self.threads is None else self.threads,
        )
        projector = replace(
            options.projector,
            enabled=options.projector.enabled or self.export_projector,
            metadata_columns=self.projector_metadata or options.projector.metadata_columns,
        )
        times = replace(options.times, enabled=options.times.enabled or self.time_profiles)
        return replace(options, index=index, projector=projector, times=times)

    def folder(self, options: PipelineOptions, models: Path) -> Path:
        """Folder of the version, absolute: the one asked for, else a name of time and label where the pipeline keeps versions."""
        if self.save_dir is not None:
            return self.save_dir
        name = version_name(self.label or options.store.label, datetime.now().astimezone())
        return (Path(options.store.folder or models) / name).absolute()


def parser() -> argparse.ArgumentParser:
    """The options of train_build_index.py."""
    codes = "\n".join(f"  {code.value:>3}  {meaning}" for code, meaning in MEANINGS.items())
    made = argparse.ArgumentParser(
        prog="train_build_index.py",
        description="Trains a version: reads the items, encodes them, builds and measures the index, writes and registers everything.",
        epilog=f"exit codes:\n{codes}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "--save-dir",
        type=Path,
        metavar="DIR",
        help="folder of the version, models/<version>; must not exist yet. Default: the time, and the label, in the models folder",
    )
    made.add_argument(
        "--dataset",
        type=Path,
        metavar="FILE|DIR",
        help="Access file, folder with Parquet or CSV tables, workbook, SQLite file, or address of a database. "
        "Default: ROUTING_ML_DATASET, else the file of the settings",
    )
    made.add_argument(
        "--version-label", default="", metavar="TEXT", help=f"label for people, up to {LONGEST_LABEL} characters"
    )
    made.add_argument(
        "--requested-by", default=_account(), metavar="NAME", help="who asks for it. Default: this account"
    )
    made.add_argument(
        "--registry-path", type=Path, metavar="FILE", help="SQLite file of the registry. Default: through auth_service"
    )
    made.add_argument(
        "--state-path",
        type=Path,
        metavar="FILE|DIR",
        help="status file. Default: run/training.status.json in the state folder",
    )
    made.add_argument(
        "--lock-timeout",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="how long to wait for another training (default %(default)g)",
    )
    made.add_argument("--dry-run", action="store_true", help="read and check everything, write nothing")
    made.add_argument("--export-projector", action="store_true", help="write the TensorBoard Projector export too")
    made.add_argument(
        "--projector-metadata", nargs="+", default=[], metavar="COL", help="columns that the export shows; turns it on"
    )
    made.add_argument("--time-profiles", action="store_true", help="learn the time profiles of the operations too")
    made.add_argument("--engine", choices=ENGINES, help="index engine. Default: what the settings say, else faiss")
    made.add_argument("--activate", action="store_true", help="activate the version when it passes the gate")
    made.add_argument("--m", type=_between(2, 128), metavar="N", help=f"links of an item in the index (default {M})")
    made.add_argument(
        "--ef-construction",
        type=_between(8, 4096),
        metavar="N",
        help=f"breadth of the search while building (default {EF_CONSTRUCTION})",
    )
    made.add_argument(
        "--threads", type=_between(0, 256), metavar="N", help="threads for building; 0: all cores (default)"
    )
    made.add_argument(
        "--settings", type=Path, metavar="FILE", help="settings as the trainer service wrote them for this run"
    )
    made.add_argument(
        "--profile",
        type=Path,
        metavar="FILE",
        help="input profile (JSON) to read the source through. Default: the active one",
    )
    made.add_argument(
        "--plant",
        default="",
        metavar="NAME",
        help="train for a plant that comes with the product (demo, or a folder of demo/plants), or for the own one (own) while another "
        "serves; --activate then makes it the plant that serves",
    )
    made.add_argument(
        "--model-of",
        type=Path,
        metavar="DIR",
        help="take the model of this version over instead of making one, so that the items can be searched together with its own: "
        "sites of a group that are searched at once share a model",
    )
    made.add_argument("--job-id", default="", help=argparse.SUPPRESS)
    return made


def read_request(arguments: Sequence[str] | None) -> TrainingRequest:
    """The request that arguments make. Ends the process with code 2 for arguments that cannot be understood.

    Raises:
        InvalidInput: an argument is out of bounds.
    """
    given = parser().parse_args(arguments)
    if len(given.version_label) > LONGEST_LABEL:
        raise InvalidInput(
            f"--version-label has {len(given.version_label)} characters; at most {LONGEST_LABEL} are possible"
        )
    if given.lock_timeout < 0:
        raise InvalidInput("--lock-timeout is negative; give 0 or more seconds")
    if given.plant and (given.dataset or given.profile or given.registry_path):
        raise InvalidInput(
            "--plant brings its own source and profile and needs auth_service: leave out --dataset, --profile and --registry-path"
        )
    return TrainingRequest(
        save_dir=given.save_dir.absolute() if given.save_dir else None,
        dataset=located(given.dataset) if given.dataset else None,
        label=given.version_label,
        requested_by=given.requested_by,
        registry_path=given.registry_path.absolute() if given.registry_path else None,
        state_path=given.state_path.absolute() if given.state_path else None,
        lock_timeout=given.lock_timeout,
        dry_run=given.dry_run,
        activate=given.activate,
        export_projector=given.export_projector or bool(given.projector_metadata),
        projector_metadata=tuple(given.projector_metadata),
        time_profiles=given.time_profiles,
        engine=given.engine,
        m=given.m,
        ef_construction=given.ef_construction,
        threads=given.threads,
        settings_file=given.settings,
        job_id=given.job_id or uuid.uuid4().hex,
        profile_file=given.profile.absolute() if given.profile else None,
        plant=given.plant,
        model_of=given.model_of.absolute() if given.model_of else None,
    )


def _between(low: int, high: int) -> Callable[[str], int]:
    """A parser of whole numbers within bounds."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"{number} is not between {low} and {high}")
        return number

    return parse


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""
