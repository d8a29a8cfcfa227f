"""`up`: checks what can be checked, then runs the supervisor here or, detached, in a process of its own until it is ready."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from cli.installation import ROOT, variables_of
from cli.running.as_services import run_as_services
from cli.running.data_check import check_source
from cli.running.foreign_data import suggested_profile
from cli.running.orphans import end_orphans
from cli.running.ports import with_free_ports
from cli.running.run_record import FAILED, READY, STOPPED, RunRecord, read_record, running_record
from cli.running.stored_profiles import bring_along
from cli.running.up_display import UpDisplay
from common.errors import InvalidInput, PreconditionFailed, ServiceError
from common.files import write_text
from common.logs import configure_logging, get_logger
from common.patience import Patience
from common.processes import is_running, python_module, run_until_stopped, start_detached
from common.settings import Settings
from plant.examples import DEMO_CATALOGUE
from plant.profile_files import read_profile

log = get_logger(__name__)

LOCK_FILE = "supervisor.lock"
PASSWORD_FILE = "first-admin-password"  # noqa: S105 - a file's name
DATASET_FILE = "dataset.json"
RUN_ID_VARIABLE = "ROUTING_ML_RUN_ID"
LEAST_FREE_BYTES = 64 * 1024 * 1024
HANDING_OVER_SECONDS = 5.0
"""How long the detached process waits for the lock of the `up` that has started it."""
IDLE_SECONDS = 60.0
"""How long a detached process that has not told of itself yet may do nothing."""


@dataclass(frozen=True)
class UpOptions:
    """What the caller of `up` wants; None: what the settings or the last run say."""

    data: Path | None = None
    profile: Path | None = None
    port: int | None = None
    detach: bool = False


def up(settings: Settings, options: UpOptions) -> int:
    """Start the system; returns the exit code.

    Raises:
        ServiceError: something that can be checked beforehand is wrong: state folder, data, ports.
    """
    run_id = os.environ.get(RUN_ID_VARIABLE, "")
    display = UpDisplay(quiet=bool(run_id))
    running = running_record(settings.run_path) or run_as_services(settings)
    if running is not None:
        display.already_running(running, wanted=options)
        return 0
    prepare_state_folder(settings)
    lock = FileLock(settings.run_path / LOCK_FILE, timeout=0.0 if not run_id else HANDING_OVER_SECONDS)
    try:
        with lock:
            ended = end_orphans(settings)  # before ports are looked at: they hold them
            display.ended_orphans(ended)
            settings = _with_options(settings, options)
            if run_id or not options.detach:
                return _up_here(settings, run_id or uuid.uuid4().hex, display, ended)
        return _up_detached(settings, display)
    except Timeout:
        raise PreconditionFailed(
            f"Another `up` is just starting with the state folder {settings.state_dir}: wait for it, "
            "or set ROUTING_ML_STATE_DIR to another folder"
        ) from None


def prepare_state_folder(settings: Settings) -> None:
    """Make the folders of the state and prove that they can be written.

    Raises:
        PreconditionFailed: they cannot, or the disk is full; says which folder and what to do.
    """
    for folder in (settings.state_dir, settings.run_path, settings.logs_path, settings.models_dir):
        probe = folder / f".write-test-{uuid.uuid4().hex[:8]}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe.write_bytes(b"routing-ml")
            free = psutil.disk_usage(str(folder)).free
        except OSError as error:
            raise PreconditionFailed(
                f"The folder {folder} cannot be written ({error.strerror or error}): grant write access, or set "
                f"{'ROUTING_ML_MODELS_DIR' if folder == settings.models_dir else 'ROUTING_ML_STATE_DIR'} to another folder",
                reason="STATE_NOT_WRITABLE",
            ) from None
        finally:
            with contextlib.suppress(OSError):
                probe.unlink(missing_ok=True)
        if free < LEAST_FREE_BYTES:
            raise PreconditionFailed(
                f"The disk of {folder} is full ({free // 1024**2} MB free): free at least {LEAST_FREE_BYTES // 1024**2} MB",
                reason="DISK_FULL",
            )


def _with_options(settings: Settings, options: UpOptions) -> Settings:
    """The settings with the data source and ports of this run."""
    update: dict[str, object] = {}
    if options.port is not None:
        if not 1 <= options.port <= 65535:
            raise InvalidInput(f"--port {options.port} is no port: choose one of 1 to 65535")
        update["gateway_port"] = options.port
    remembered = settings.state_dir / DATASET_FILE
    profile = read_profile(options.profile) if options.profile is not None else None
    if options.data is not None:
        first_start = not settings.database_url and not (settings.state_dir / "routing.db").exists()
        if first_start and profile is None and options.data.exists():
            profile = suggested_profile(options.data, settings.run_path)
        check_source(options.data, against_profile=first_start or profile is not None, profile=profile)
        update["dataset" if settings.dataset is not None else "initial_dataset"] = options.data
        write_text(remembered, json.dumps({"dataset": str(options.data)}, ensure_ascii=False))
    elif settings.dataset is None and settings.initial_dataset is None:
        update["initial_dataset"] = _remembered_dataset(remembered) or DEMO_CATALOGUE
    if profile is not None:
        bring_along(settings, profile)
    if "training_by_api" not in settings.model_fields_set:
        update["training_by_api"] = True
    return with_free_ports(settings.model_copy(update=update))


def _remembered_dataset(path: Path) -> Path | None:
    try:
        return Path(json.loads(path.read_text(encoding="utf-8"))["dataset"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _up_here(settings: Settings, run_id: str, display: UpDisplay, ended: int) -> int:
    from cli.running.supervisor import Supervisor

    configure_logging(settings, "supervisor", "supervisor")
    if ended:
        log.warning("processes that a killed start had left were ended", processes=ended)
    own = psutil.Process()
    record = RunRecord(
        run_id=run_id,
        pid=own.pid,
        started_at=own.create_time(),
        url=_url(settings),
        dataset=str(settings.dataset or settings.initial_dataset),
    )
    password_file = settings.run_path / PASSWORD_FILE

    def show(changed: RunRecord) -> None:
        display.show(changed)
        if changed.phase == READY:
            display.ready(changed, settings, password_file)

    async def main(stop: asyncio.Event) -> int:
        supervisor = Supervisor(settings, record, password_file=password_file, on_change=show)
        return await supervisor.run(stop)

    with display:
        return run_until_stopped(main)


def _up_detached(settings: Settings, display: UpDisplay) -> int:
    """Start `up` in a process of its own and show what it does until it is ready or has failed."""
    run_id = uuid.uuid4().hex
    output = settings.logs_path / "supervisor.out"
    output.unlink(missing_ok=True)
    pid = start_detached(
        python_module("cli", "up"),
        environment={**variables_of(settings), RUN_ID_VARIABLE: run_id},
        working_dir=ROOT,
        output=output,
    )
    patience = Patience(pid, IDLE_SECONDS)
    with display:
        while True:
            record = read_record(settings.run_path)
            if record is not None and record.run_id == run_id:
                display.show(record)
                if record.phase == READY:
                    display.ready(record, settings, settings.run_path / PASSWORD_FILE)
                    return 0
                if record.phase in (FAILED, STOPPED) or not record.alive:
                    return 1
            elif record is not None and record.alive and not is_running(pid):
                display.already_running(record, wanted=UpOptions())  # another `up` was quicker
                return 0
            elif not is_running(pid) or patience.over:
                said = output.read_text(encoding="utf-8", errors="replace").strip() if output.exists() else ""
                raise ServiceError(f"The system did not start: {said or f'see {settings.logs_path}'}")
            time.sleep(0.1)


def _url(settings: Settings) -> str:
    host = "127.0.0.1" if settings.gateway_host in ("0.0.0.0", "::") else settings.gateway_host
    return f"http://{host}:{settings.gateway_port}"
