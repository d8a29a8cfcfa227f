"""A training from the source to the written version: read, learn, encode, build, measure, write. Registering comes after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from common.notices import notice
from plant.blueprint.options import PipelineOptions
from plant.input_profile import InputProfile
from routings.calibration import Calibration
from routings.time_profiles import ProfileOptions
from source import Source
from trained.artifacts import Manifest
from trained.index.engine import Engine, build_index
from trained.index.equal_items import EqualItems, equal_groups
from trained.index.recall import RecallPoint, exact_truth, measure, smallest_ef, unlike_below
from trained.item_codes import ItemCodeIndex
from trained.searchable_model import SearchableModel
from trained.version_files import TrainedVersion, write_version
from trainer.calibrating import calibrate
from trainer.catalogue import Catalogue
from trainer.current_routings import CurrentRoutings
from trainer.evaluation import Evaluated, EvaluationOptions, evaluate, sample
from trainer.feature_reports import feature_importance, feature_recommendations, feature_statistics
from trainer.learned_items import Learned, known_now
from trainer.learning_steps import encoded, fit_encoder, learn_operations, with_chosen_method
from trainer.operation_times import operation_times
from trainer.planned_stage import simplest_beaten
from trainer.planner_examples import PlannerExample
from trainer.progress import ProgressReport
from trainer.reading_items import projector_cells, read_items, read_routings, with_telling_features
from trainer.right_routings import families_of, own_routings
from trainer.shared_model import SharedModel
from trainer.stage_clock import StageClock
from trainer.training_work import TrainingWork, with_tables
from trainer.version_folder import check_space, writing_version


class Training:
    """One training.

    Args:
        source, profile: where the items come from.
        options: what is built.
        report: told how it goes.
        judging: how the predictions of the new version are judged; None: they are not.
        examples: routings that planners stand behind; they are learned from in the place of the items' own.
        shared: a model that is taken over; None: one is made.
    """

    def __init__(
        self,
        source: Source,
        profile: InputProfile,
        options: PipelineOptions,
        report: ProgressReport,
        judging: EvaluationOptions | None = None,
        examples: Sequence[PlannerExample] = (),
        shared: SharedModel | None = None,
    ) -> None:
        self._judging, self._examples, self._shared = judging, examples, shared
        self.clock = StageClock()
        self._work = TrainingWork(source, with_tables(profile, options), options, report, self.clock)

    def prepare(self) -> tuple[Catalogue, Learned]:
        """Everything that only reads: items, encoder, vectors, time profiles.

        Raises:
            DataProblem: the source cannot be used, or has no items.
            InvalidInput: the options fit neither source nor items.
        """
        catalogue = read_items(self._work)
        if self._shared is None:
            self._work = with_telling_features(self._work, catalogue)
        return catalogue, self._learn(catalogue)

    def _learn(self, catalogue: Catalogue) -> Learned:
        work, schema = self._work, self._work.profile.plant
        codes = ItemCodeIndex.of(catalogue.codes.to_pylist())
        wanted = work.options.learn.enabled or self._judging is not None
        routings = read_routings(work, codes) if wanted else None
        shared, taught = self._shared, routings
        if shared is not None:
            stage = shared.stage(catalogue, routings)
        else:
            stage, taught = learn_operations(
                work, catalogue, codes, routings, self._examples, self._judged(routings, len(codes))
            )
        with work.stage("learning", notice("LEARNING_FEATURES", "Learning the features"), unit="rows"):
            encoder = fit_encoder(work, catalogue, stage) if shared is None else shared.with_stage(stage)
            statistics = feature_statistics(catalogue.columns, schema)
            times = None
            if work.options.times.enabled:
                times = operation_times(work.source, work.profile, _profile_options(work.options), work.report.advance)
        vectors = encoded(work, catalogue, encoder, stage)
        families = families_of(catalogue, schema) if self._judging else {}
        return Learned(encoder, vectors, statistics, times, families, routings, stage, taught)

    def _judged(self, routings: CurrentRoutings | None, items: int) -> npt.NDArray[np.int64]:
        """Positions of the items that the evaluation judges, ascending; none where nothing is judged."""
        if self._judging is None or routings is None:
            return np.zeros(0, np.int64)
        drawn = sample(np.arange(items, dtype=np.int64), self._judging.items * 4, 2)
        return sample(drawn[routings.table.lengths(drawn) > 0], self._judging.items, self._judging.seed)

    def build(self, learned: Learned) -> tuple[Engine, list[RecallPoint], float]:
        """The index over the vectors, its recall curve, and the similarity below which a query is unlike the catalogue.

        Raises:
            PreconditionFailed: the engine is not installed.
        """
        options = self._work.options.index
        with self._work.stage(
            "building",
            notice("BUILDING_INDEX", "Building the index ({engine})", engine=options.engine),
            total=len(learned.vectors),
            unit="items",
        ):
            groups = equal_groups(learned.vectors, learned.routed_first())
            index: Engine = build_index(
                options.engine,
                learned.vectors if groups is None else learned.vectors[groups[0]],
                m=options.m,
                ef_construction=options.ef_construction,
                threads=options.threads,
                on_progress=lambda done, _total: self._work.report.advance(done),
            )
            if groups is not None:
                index = EqualItems(index, *groups[1:])
        with self._work.stage("measuring", notice("MEASURING", "Measuring recall and latency against exact search")):
            truth = exact_truth(learned.vectors)
            curve = measure(index, learned.vectors, truth=truth)
            best = max(point.recall for point in curve)
            if best < options.target_recall:
                self._work.report.note(
                    f"Of the {truth.k} nearest items at most {best:.1%} are found, {options.target_recall:.1%} are wanted: many items are "
                    "nearly alike, so that the graph of the index does not connect them all. Raise training.index m and "
                    "ef_construction, or let features take part that tell these items apart",
                    recall=best,
                )
            return index, curve, unlike_below(truth)

    def judge(
        self,
        name: str,
        catalogue: Catalogue,
        learned: Learned,
        index: Engine,
        ef_search: int,
        calibration: Calibration,
    ) -> Mapping[str, Any] | None:
        """What the leave-out evaluation of a sample of the items finds; None where no item has a routing.

        Args:
            name: of the version.
        """
        if self._judging is None:
            return None
        routings = learned.routings
        if routings is None:
            return None
        with self._work.stage(
            "judging", notice("JUDGING", "Judging predictions of a sample against the items' own routings")
        ):
            codes = ItemCodeIndex.of(catalogue.codes.to_pylist())
            right = own_routings(routings, self._judged(routings, len(codes)), learned.families)
            chances, now = known_now(learned)
            model = SearchableModel(
                name,
                index,
                codes,
                learned.encoder,
                ef_search,
                calibration=calibration,
                chances=chances,
                unrouted=learned.unrouted(),
            )
            work = Evaluated(model, codes, routings, right, lambda rows: learned.vectors[rows], now)
            found = evaluate(work, self._judging)
        if found is None:
            self._work.report.note(
                "No item has a routing to judge predictions against: the version is written without evaluation"
            )
            return None
        found["summary"] = {**found["summary"], "as_of_now": True}
        if calibration.reached:
            named = dict(zip(("standard", "optimal", "safe"), calibration.reached, strict=True))
            found["summary"] = {**found["summary"], "ranges": named}
        if learned.choice is not None:
            found = {**found, "methods": learned.choice.document()}
            found["summary"] = {**found["summary"], **simplest_beaten(learned.choice)}
        self._work.report.add_metrics({"evaluation": found["summary"]})
        return found

    def write(
        self,
        save_dir: Path,
        catalogue: Catalogue,
        learned: Learned,
        request: Mapping[str, Any],
        metadata: Mapping[str, Any],
    ) -> Manifest:
        """Build, measure and write the version; `save_dir` appears when everything is in it.

        Args:
            request: contents of training_request.json.
            metadata: further facts for the manifest.

        Raises:
            CannotWrite: the disk is full or the folder cannot be written.
        """
        options = self._work.options.index
        check_space(save_dir.parent, len(catalogue), learned.encoder.dimension, options.m)
        with writing_version(save_dir) as folder:
            index, curve, unlike = self.build(learned)
            default = smallest_ef(curve, options.target_recall)
            calibration = self._calibrate(learned, index, default)
            compared = learned
            if self._shared is None:
                compared = with_chosen_method(self._work, catalogue, learned, calibration, self._judging)
            catalogue.columns.clear()
            if compared.encoder is not learned.encoder:
                index, curve, unlike = self.build(compared)
                default = smallest_ef(curve, options.target_recall)
                calibration = self._calibrate(compared, index, default)
            learned = compared
            evaluation = self.judge(save_dir.name, catalogue, learned, index, default, calibration)
            with self._work.stage("writing", notice("WRITING", "Writing {version}", version=save_dir.name)):
                chosen = next(point for point in curve if point.ef_search == default)
                figures = {
                    **self._work.report.status.metrics,
                    **self.clock.figures(),
                    "dimension": learned.encoder.dimension,
                    "default_ef_search": default,
                    "recall_at_50": chosen.recall,
                    "search_latency_ms": chosen.latency_ms,
                }
                trained = TrainedVersion(
                    encoder=learned.encoder,
                    vectors=learned.vectors,
                    index=index,
                    item_codes=catalogue.codes,
                    recall_curve=curve,
                    unlike_below=unlike,
                    wanted_recall=options.target_recall,
                    m=options.m,
                    ef_construction=options.ef_construction,
                    request=request,
                    metrics=figures,
                    statistics=learned.statistics,
                    importance=feature_importance(learned.encoder),
                    recommendations={"recommendations": feature_recommendations(learned.encoder, learned.statistics)},
                    time_profiles=learned.time_profiles,
                    evaluation=evaluation,
                    projector=projector_cells(self._work, catalogue),
                    projector_rows=self._work.options.projector.most_points or len(catalogue),
                    metadata=metadata,
                    trained_at=datetime.now(UTC),
                    calibration=calibration,
                    outputs=learned.stage.outputs if learned.stage is not None else None,
                    unrouted=learned.unrouted(),
                    schema=self._work.profile.plant,
                )
                manifest = write_version(folder, trained)
        self._work.report.add_metrics({**figures, **self.clock.figures()})
        return manifest

    def _calibrate(self, learned: Learned, index: Engine, ef_search: int) -> Calibration:
        """How neighbours and models are weighed together in this version."""
        if learned.stage is None or learned.routings is None:
            return Calibration()
        with self._work.stage(
            "measuring", notice("CALIBRATING", "Calibrating confidences on items that the models have not seen")
        ):
            return calibrate(
                learned.encoder,
                index,
                learned.vectors,
                learned.stage.outputs,
                learned.routings.table,
                learned.stage.operation_of,
                ef_search,
                self._work.options.learn.seed,
            )


def _profile_options(options: PipelineOptions) -> ProfileOptions:
    times = options.times
    return ProfileOptions(times.strategy, times.optimal_sigma, times.safe_sigma, times.trim_lower, times.trim_upper)
