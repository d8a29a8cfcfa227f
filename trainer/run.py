"""One run of the trainer from its arguments to its exit code: settings, lock, training, registration, activation."""

from __future__ import annotations

import contextlib
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType

import orjson
import psutil

from common.artifacts import Manifest
from common.errors import DataProblem, InvalidInput, ServiceError
from common.logs import configure_logging, get_logger
from common.processes import stop_signals
from common.settings import Settings
from common.settings import settings as read_process_settings
from common.source import Source, open_source
from trainer.activation_gate import objection
from trainer.command import TrainingRequest, read_request
from trainer.control_cache import KnownSettings, newest_settings, read_settings
from trainer.exit_codes import ExitCode, NotActivated, TrainingCancelled, cannot_write, exit_code_of
from trainer.pipeline_options import PipelineOptions
from trainer.progress import ProgressReport, display_for
from trainer.registration import FinishedVersion, Registrar
from trainer.status_file import RUNNING, TrainingStatus, status_path
from trainer.training import Training
from trainer.training_lock import training_lock
from trainer.version_folder import check_target, remove_leftovers

log = get_logger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Train as the arguments say; returns the exit code."""
    try:
        with _cancellable():
            settings = read_process_settings()
            return TrainingRun(read_request(arguments, settings), settings).execute()
    except (TrainingCancelled, KeyboardInterrupt):
        print("interrupted: nothing was written", file=sys.stderr, flush=True)
        return ExitCode.INTERRUPTED
    except ServiceError as error:
        print(f"error: {error.message}", file=sys.stderr, flush=True)
        return exit_code_of(error)
    except ValueError as error:  # a ROUTING_ML_* variable that cannot be understood
        print(f"error: the settings of this process cannot be used: {error}", file=sys.stderr, flush=True)
        return ExitCode.USAGE


@contextlib.contextmanager
def _cancellable() -> Iterator[None]:
    """Turn the signals that mean "stop" into TrainingCancelled within the block."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in stop_signals():  # what is being cleaned up is not interrupted again
            signal.signal(number, signal.SIG_IGN)
        raise TrainingCancelled

    before = {number: signal.signal(number, stop) for number in stop_signals()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class TrainingRun:
    """One run.

    Args:
        request: what it was asked for.
        settings: settings of the process.
    """

    def __init__(self, request: TrainingRequest, settings: Settings) -> None:
        self._request, self._settings = request, settings
        self._registrar = Registrar(settings, request.registry_path)
        self._display = display_for(sys.stdout)

    def execute(self) -> int:
        """Run; returns the exit code. What goes wrong is told, written to the status file and the log.

        Raises:
            ServiceError: before the lock was held; nothing has been touched.
        """
        request = self._request
        check_target(request.save_dir)
        if request.dry_run:
            return self._reported(self._check_everything)
        with training_lock(
            self._settings.run_path,
            timeout=request.lock_timeout,
            requested_by=request.requested_by,
            save_dir=request.save_dir,
            on_wait=lambda who: self._display.note(
                f"Waiting up to {request.lock_timeout:g} s for another training: {who}", {"holder": who}
            ),
        ):
            try:
                configure_logging(self._settings, "training", "training")
            except OSError as error:
                raise cannot_write(self._settings.logs_path, error) from None
            return self._reported(self._train)

    def _reported(self, work: Callable[[ProgressReport], str]) -> int:
        request = self._request
        me = psutil.Process()
        path = None
        if not request.dry_run or request.state_path is not None:
            path = status_path(self._settings.run_path, request.state_path)
        report = ProgressReport(
            self._display,
            path,
            TrainingStatus(
                job_id=request.job_id,
                status=RUNNING,
                started_at=time.time(),
                message="Starting",
                requested_by=request.requested_by,
                version_name=request.save_dir.name,
                dry_run=request.dry_run,
                pid=me.pid,
                process_started_at=me.create_time(),
            ),
        )
        try:
            message = work(report)
        except BaseException as error:
            code = exit_code_of(error)
            if code is ExitCode.INTERRUPTED:
                message = "Cancelled: nothing half-written stays"
            elif isinstance(error, ServiceError):
                message = error.message
            else:
                message = f"An unexpected error: {type(error).__name__}: {error}"
                print(traceback.format_exc(), file=sys.stderr, flush=True)
            self._log(int(code), message, report)
            report.end(ok=False, message=message, exit_code=int(code))
            return int(code)
        self._log(0, message, report)
        report.end(ok=True, message=message, exit_code=int(ExitCode.DONE))
        return int(ExitCode.DONE)

    def _log(self, code: int, message: str, report: ProgressReport) -> None:
        """One line in the log; a dry run has none."""
        if not self._request.dry_run:
            write = log.error if code else log.info
            metrics = dict(report.status.metrics)
            write(
                "training ended", exit_code=code, message=message, version=report.status.version_name, metrics=metrics
            )

    def _prepare(self, report: ProgressReport) -> tuple[KnownSettings, PipelineOptions, Source, Training]:
        request = self._request
        known = (
            read_settings(request.settings_file) if request.settings_file else newest_settings(self._settings.run_path)
        )
        options = _pipeline(request, known)
        source = open_source(self._dataset(known))
        return known, options, source, Training(source, known.profile, options, report)

    def _dataset(self, known: KnownSettings) -> Path:
        if self._request.dataset or self._settings.dataset:
            return Path(self._request.dataset or self._settings.dataset or "")
        section = known.plant.data_source
        for path in (section.access_path, *section.backup_paths):
            if Path(path).exists():
                return Path(path)
        raise DataProblem(
            f"There is no source: {section.access_path} of the settings does not exist. Give --dataset, set ROUTING_ML_DATASET, "
            "or correct data_source.access_path",
            reason="SOURCE_MISSING",
        )

    def _check_everything(self, report: ProgressReport) -> str:
        """A dry run: everything up to the vectors; writes nothing."""
        _known, options, source, training = self._prepare(report)
        self._registrar.check_free(self._request.save_dir.name)
        catalogue, learned = training.prepare()
        report.add_metrics({**training.clock.figures(), "dimension": learned.encoder.dimension})
        return (
            f"Dry run: {len(catalogue):,} items of {source.description} can be trained ({learned.encoder.dimension} dimensions, "
            f"{options.engine}); nothing was written"
        )

    def _train(self, report: ProgressReport) -> str:
        request = self._request
        for name in remove_leftovers(request.save_dir.parent):
            report.note(f"Removed {name}, which a training that was killed had left")
        check_target(request.save_dir)
        self._registrar.check_free(request.save_dir.name)
        known, options, source, training = self._prepare(report)
        identity = source.identity()
        catalogue, learned = training.prepare()
        metadata = {
            "version_label": request.label,
            "requested_by": request.requested_by,
            "source": source.description,
            "source_identity": identity,
            "input_profile": known.profile.name,
            "settings_revision": known.revision,
            "job_id": request.job_id,
        }
        record = {**request.to_record(source.description, known.revision), "pipeline": options.model_dump(mode="json")}
        manifest = training.write(request.save_dir, catalogue, learned, record, metadata)
        report.name_version(request.save_dir.name, request.save_dir)
        figures = training.clock.figures()
        report.add_metrics(figures)
        self._register(report)
        done = f"{request.save_dir.name}: {len(catalogue):,} items trained in {figures['total_seconds']:,.0f} s and registered"
        return done + self._activate(report, known, manifest)

    def _register(self, report: ProgressReport) -> None:
        request = self._request
        with report.stage("registering", f"Registering {request.save_dir.name}"):
            self._registrar.register(
                FinishedVersion(request.save_dir.name, request.save_dir, request.requested_by, time.time())
            )

    def _activate(self, report: ProgressReport, known: KnownSettings, manifest: Manifest) -> str:
        """What became of the activation, for the closing message.

        Raises:
            NotActivated: it was asked for on the command line and could not be done.
        """
        name, policy = self._request.save_dir.name, known.plant.training.activation_policy
        if not self._request.activate and policy == "never":
            return ""
        if policy != "always":
            against = objection(
                manifest.metadata, self._registrar.active_manifest(), known.plant.training.gate_recall_margin
            )
            if against:
                refused = NotActivated(f"{name} is registered but was not activated: {against}", reason="GATE_REFUSED")
                if self._request.activate:
                    raise refused
                report.note(refused.message)
                return f"; not activated: {against}"
        with report.stage("activating", f"Activating {name}"):
            self._registrar.activate(name)
        return ", active"


def _pipeline(request: TrainingRequest, known: KnownSettings) -> PipelineOptions:
    """What is built: the settings, or the pipeline file in their place, changed by the command line."""
    if request.pipeline_file:
        try:
            content = orjson.loads(request.pipeline_file.read_bytes())
        except (OSError, ValueError) as error:
            raise InvalidInput(f"The pipeline file {request.pipeline_file} cannot be read: {error}") from None
        options = PipelineOptions.of(content)
    else:
        options = PipelineOptions.from_settings(known.plant)
    return options.changed(
        engine=request.engine,
        m=request.m,
        ef_construction=request.ef_construction,
        threads=request.threads,
        projector=True if request.export_projector else None,
        projector_metadata=request.projector_metadata or None,
    )
