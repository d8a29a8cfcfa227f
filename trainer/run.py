"""One run of the trainer from its arguments to its exit code: settings, lock, training, registration, activation."""

from __future__ import annotations

import contextlib
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Final

import psutil

from common.errors import DataProblem, InvalidInput, ServiceError
from common.logs import configure_logging, get_logger
from common.notices import notice
from common.processes import stop_signals
from common.settings import Settings
from common.settings import settings as read_process_settings
from common.standard_output import prepare_standard_output
from common.started_system import as_started
from plant.blueprint.options import PipelineOptions, WeightOptions
from plant.blueprint.pipeline import pipeline_of
from plant.blueprint.wrapper import current_pipeline
from plant.input_profile import InputProfile
from plant.profile_files import read_profile
from plant.schema import PlantSchema
from plant.settings.of_plant import of_plant
from routings.plant_prediction import prediction_options
from source import Source, open_mapped
from source.serving_source import Origin, serving_source
from trained.artifacts import Manifest
from trainer.activation_gate import objection
from trainer.command import TrainingRequest, read_request
from trainer.control_cache import KnownSettings, newest_settings, read_settings
from trainer.evaluation import EvaluationOptions
from trainer.exit_codes import ExitCode, NotActivated, TrainingCancelled, cannot_write, exit_code_of
from trainer.planner_examples import PlannerExample, planner_examples
from trainer.progress import ProgressReport, display_for
from trainer.registration import FinishedVersion, Registrar
from trainer.retention import DELETED, FAILED, RetentionRule, apply_retention
from trainer.shared_model import SharedModel
from trainer.status_file import RUNNING, TrainingStatus, stage_seconds_before, status_path
from trainer.training import Training
from trainer.training_lock import training_lock
from trainer.version_folder import check_target, remove_leftovers

_ACTIVE: Final = ", active"
"""What the closing message of a training says of a version that serves now."""

log = get_logger(__name__)


def main(arguments: Sequence[str] | None = None, options: PipelineOptions | None = None) -> int:
    """Train as the arguments say; returns the exit code.

    Args:
        arguments: of the command line; None: those of the process.
        options: the pipeline, from a generated wrapper; None: the current one.
    """
    prepare_standard_output()
    try:
        with _cancellable():
            settings = as_started(read_process_settings())
            return TrainingRun(read_request(arguments), settings, options).execute()
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
        options: the pipeline; None: the current generated one, else what the settings document means.

    Raises:
        InvalidInput: the settings document, the input profile or the blueprint cannot be used.
        DataProblem: the generated pipeline cannot be run.
    """

    def __init__(self, request: TrainingRequest, settings: Settings, options: PipelineOptions | None = None) -> None:
        self._request, self._settings = request, settings
        file = request.settings_file
        self._known = read_settings(file) if file else newest_settings(settings.run_path)
        self._registrar = Registrar(settings, request.registry_path)
        if request.profile_file is not None:
            self._known = replace(self._known, profile=read_profile(request.profile_file))
        if request.plant:
            self._request, self._known, options = self._of_plant(request.plant)
        self._options = request.changed(options or _pipeline(settings, self._known))
        check_names(self._options.weights, self._known.profile.plant)
        self._folder = request.folder(self._options, settings.models_dir)
        self._display = display_for(sys.stdout)

    def _of_plant(self, name: str) -> tuple[TrainingRequest, KnownSettings, PipelineOptions]:
        """Request, settings and pipeline as they are once another plant serves: weights that are set for features it lacks fall away."""
        plant = self._registrar.plant(name)
        profile = InputProfile.parse(plant.profile_json)
        known = replace(self._known, profile=profile, plant=of_plant(self._known.plant, self._known.profile, profile))
        options = pipeline_of(known.plant)
        own = profile.plant.feature_by_name
        weights = replace(
            options.weights,
            weights={one: weight for one, weight in options.weights.weights.items() if one in own},
            active={one: active for one, active in options.weights.active.items() if one in own},
        )
        return replace(self._request, dataset=Path(plant.path)), known, replace(options, weights=weights)

    @property
    def name(self) -> str:
        """Name of the version."""
        return self._folder.name

    def execute(self) -> int:
        """Run; returns the exit code. What goes wrong is told, written to the status file and the log.

        Raises:
            ServiceError: before the lock was held; nothing has been touched.
        """
        request = self._request
        check_target(self._folder)
        if request.dry_run:
            return self._reported(self._check_everything)

        def waiting(who: str) -> None:
            self._display.note(f"Waiting up to {request.lock_timeout:g} s for another training: {who}", {"holder": who})

        with training_lock(
            self._settings.run_path,
            timeout=request.lock_timeout,
            requested_by=request.requested_by,
            save_dir=self._folder,
            on_wait=waiting,
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
                message=notice("STARTING", "Starting"),
                requested_by=request.requested_by,
                version_name=self.name,
                dry_run=request.dry_run,
                pid=me.pid,
                process_started_at=me.create_time(),
            ),
            stage_seconds_before(path) if path is not None else None,
        )
        try:
            message = work(report)
        except BaseException as error:
            code = exit_code_of(error)
            if code is ExitCode.INTERRUPTED:
                message = notice("TRAINING_CANCELLED", "Cancelled: nothing half-written stays")
            elif isinstance(error, ServiceError):
                message = error.message
            else:
                message = notice(
                    "UNEXPECTED_ERROR", "An unexpected error: {error}", error=f"{type(error).__name__}: {error}"
                )
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
            write(
                "training ended",
                exit_code=code,
                message=message,
                version=self.name,
                metrics=dict(report.status.metrics),
            )

    def _open(self, report: ProgressReport) -> tuple[Source, Training]:
        source = open_mapped(self._dataset(), self._known.profile)
        judging = EvaluationOptions(prediction=prediction_options(self._known.plant))
        examples = self._planner_examples(report)
        shared = None
        if self._request.model_of is not None:
            shared = SharedModel.of(self._request.model_of, self._known.profile.plant)
            report.note(
                f"Weights, dimensions and what is learned are those of {shared.version_name}, whose model is shared"
            )
        return source, Training(source, self._known.profile, self._options, report, judging, examples, shared)

    def _planner_examples(self, report: ProgressReport) -> list[PlannerExample]:
        """Routings that planners reviewed; that they cannot be read is only noted.

        A dry run, which writes nothing, asks for none; nor does a training for another plant than theirs.
        """
        if self._request.dry_run or self._request.plant or not self._options.learn.enabled:
            return []
        try:
            return planner_examples(self._settings, self._request.registry_path)
        except ServiceError as error:
            report.note(f"The training goes on without what planners reviewed: {error.message}")
            return []

    def _dataset(self) -> Path:
        if self._request.dataset:
            return self._request.dataset
        serving = serving_source(self._settings, self._known.plant)
        if serving.origin is not Origin.SETTINGS or serving.path.exists():
            return serving.path
        raise DataProblem(
            f"There is no source: {serving.path} of the settings does not exist. Give --dataset, set ROUTING_ML_DATASET, "
            "or correct data_source.access_path",
            reason="SOURCE_MISSING",
        )

    def _check_everything(self, report: ProgressReport) -> str:
        """A dry run: everything up to the vectors; writes nothing."""
        source, training = self._open(report)
        self._registrar.check_free(self.name)
        catalogue, learned = training.prepare()
        report.add_metrics({**training.clock.figures(), "dimension": learned.encoder.dimension})
        return notice(
            "DRY_RUN",
            "Dry run: {items} items of {source} can be trained ({dimensions} dimensions before methods are compared, "
            "{engine}); nothing was written",
            items=len(catalogue),
            source=source.description,
            dimensions=learned.encoder.dimension,
            engine=self._options.index.engine,
        )

    def _train(self, report: ProgressReport) -> str:
        for leftover in remove_leftovers(self._folder.parent):
            report.note(f"Removed {leftover}, which a training that was killed had left")
        check_target(self._folder)
        self._registrar.check_free(self.name)
        source, training = self._open(report)
        identity = source.identity()
        catalogue, learned = training.prepare()
        facts = self._facts(source, identity)
        pipeline = self._options.to_dict()
        manifest = training.write(self._folder, catalogue, learned, {**facts, "pipeline": pipeline}, facts)
        report.name_version(self.name, self._folder)
        figures = training.clock.figures()
        report.add_metrics(figures)
        with report.stage("registering", notice("REGISTERING", "Registering {version}", version=self.name)):
            self._registrar.register(FinishedVersion(self.name, self._folder, self._request.requested_by, time.time()))
        activation, deletion = self._activate(report, manifest), self._delete_old(report)
        return notice(
            "TRAINED_AND_ACTIVE" if activation == _ACTIVE else "TRAINED",
            "{version}: {items} items trained in {seconds} s and registered{activation}{deletion}",
            version=self.name,
            items=len(catalogue),
            seconds=f"{figures['total_seconds']:,.0f}",
            activation=activation,
            deletion=deletion,
        )

    def _facts(self, source: Source, identity: str) -> dict[str, object]:
        """What the manifest and the training request say about this run."""
        return {
            "version_label": self._request.label,
            "requested_by": self._request.requested_by,
            "source": source.description,
            "source_identity": identity,
            "input_profile": self._known.profile.name,
            "settings_revision": self._known.revision,
            "job_id": self._request.job_id,
            **({} if self._request.model_of is None else {"model_of": self._request.model_of.name}),
        }

    def _activate(self, report: ProgressReport, manifest: Manifest) -> str:
        """What became of the activation, for the closing message.

        Raises:
            NotActivated: it was asked for on the command line and could not be done.
        """
        training = self._known.plant.training
        if not self._request.activate and (self._request.plant or training.activation_policy == "never"):
            return ""
        if self._request.plant:
            with report.stage("activating", notice("ACTIVATING", "Activating {version}", version=self.name)):
                self._registrar.serve_plant(self._request.plant, self.name)
            return _ACTIVE
        if training.activation_policy != "always":
            against = objection(
                manifest.metadata,
                self._registrar.active_manifest(),
                training.gate_recall_margin,
                training.gate_quality_margin,
            )
            if against and self._request.activate:
                raise NotActivated(f"{self.name} is registered but was not activated: {against}", reason="GATE_REFUSED")
            if against:
                report.note(f"{self.name} is not activated: {against}")
                return f"; not activated: {against}"
        with report.stage("activating", notice("ACTIVATING", "Activating {version}", version=self.name)):
            self._registrar.activate(self.name)
        return _ACTIVE

    def _delete_old(self, report: ProgressReport) -> str:
        """What the retention deleted, for the closing message; that it could not is only noted."""
        training = self._known.plant.training
        if self._request.registry_path or self._request.plant or not training.retention_after_training:
            return ""
        rule = RetentionRule(training.keep_versions, training.keep_good_versions)
        try:
            done = apply_retention(self._registrar, self._settings.models_dir, rule, dry_run=False)
        except ServiceError as error:
            report.note(f"Old versions were not looked through: {error.message}")
            return ""
        for one in done:
            if one.outcome == FAILED:
                report.note(f"{one.name} was not deleted: {one.reason}")
        deleted = [one.name for one in done if one.outcome == DELETED]
        return f"; old versions deleted: {', '.join(deleted)}" if deleted else ""


def check_names(chosen: WeightOptions, plant: PlantSchema) -> None:
    """Refuse weights of features that the plant does not have: they would count for nothing.

    Raises:
        InvalidInput: says which.
    """
    unknown = [name for name in {**chosen.weights, **chosen.active} if name not in plant.feature_by_name]
    if unknown:
        raise InvalidInput(
            f"The blueprint sets weights of {', '.join(unknown[:5])}{' and more' if len(unknown) > 5 else ''}, which {plant.name} does "
            "not have: take them out of the weights node, or make the input profile active that they belong to",
            reason="WEIGHTS_OF_ANOTHER_PLANT",
        )


def _pipeline(settings: Settings, known: KnownSettings) -> PipelineOptions:
    """The current generated pipeline; where none was generated, what the settings document means."""
    current = current_pipeline(settings.state_dir)
    return current.options if current.path is not None else pipeline_of(known.plant)
