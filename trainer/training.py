"""A training from the source to the written version: read, learn, encode, build, measure, write. Registering comes after."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from common.errors import DataProblem
from common.notices import notice
from common.settings import settings as read_settings
from plant.blueprint.options import PipelineOptions, ProjectorOptions
from plant.input_profile import InputProfile
from plant.schema import FEATURES, ITEM_CODE, RESULTS
from routings.calibration import Calibration
from routings.time_profiles import ProfileOptions
from source import Source
from source.role_reading import check_required, table_of
from trained.artifacts import Manifest
from trained.encoder import LEAST_DIMENSIONS, BlockEncoder, EncoderOptions
from trained.index.engine import Engine, build_index
from trained.index.equal_items import EqualItems, equal_groups
from trained.index.recall import RecallPoint, exact_truth, measure, smallest_ef, unlike_below
from trained.item_codes import ItemCodeIndex
from trained.learned.feature_columns import read_features
from trained.learned.learned_chances import KnownChances
from trained.searchable_model import SearchableModel
from trained.version_files import TrainedVersion, write_version
from trainer.calibrating import calibrate
from trainer.catalogue import Catalogue, cells, read_catalogue
from trainer.current_routings import CurrentRoutings, read_current_routings
from trainer.evaluation import MOST_NEIGHBOURS, Evaluated, EvaluationOptions, evaluate, sample
from trainer.feature_reports import feature_importance, feature_recommendations, feature_statistics
from trainer.held_out_consensus import held_out_consensus
from trainer.learned_items import Learned
from trainer.learned_stage import FEWEST_ITEMS, LearnedStage, LearningOptions, learn, learned_weights
from trainer.operation_fitter import BoostingOptions
from trainer.operation_times import operation_times
from trainer.planned_stage import CONSENSUS, choose, operation_names, planned_stage, simplest_beaten
from trainer.planner_examples import PlannerExample, with_examples
from trainer.progress import ProgressReport
from trainer.right_routings import families_of, own_routings
from trainer.routing_ages import PRACTICE_CHANGED
from trainer.shared_model import SharedModel
from trainer.stage_clock import StageClock
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
        self._source, self._options, self._report, self._judging = source, options, report, judging
        self._examples, self._shared = examples, shared
        self._profile = with_tables(profile, options)
        self.clock = StageClock()

    def prepare(self) -> tuple[Catalogue, Learned]:
        """Everything that only reads: items, encoder, vectors, time profiles.

        Raises:
            DataProblem: the source cannot be used, or has no items.
            InvalidInput: the options fit neither source nor items.
        """
        catalogue = self._read()
        figures = {
            "items": len(catalogue),
            "rows_read": catalogue.rows_read,
            "duplicate_items": catalogue.duplicates,
            "rows_without_item_code": catalogue.without_code,
        }
        self._report.add_metrics(figures)
        if catalogue.duplicates:
            named = ", ".join(repr(code) for code in catalogue.duplicate_codes)
            self._report.note(
                f"{catalogue.duplicates:,} rows have an item code that came before (such as {named}); the first of each counts",
                duplicate_items=catalogue.duplicates,
            )
        if catalogue.without_code:
            self._report.note(f"{catalogue.without_code:,} rows have no item code and are left out")
        return catalogue, self._learn(catalogue)

    def _read(self) -> Catalogue:
        family = self._profile.plant.item.family_column
        extra = [*self._projector_columns(), *([family] if family else [])]
        table = table_of(self._source, self._profile, FEATURES)
        assert table is not None  # the item table is never optional
        check_required(
            self._source, self._profile, FEATURES, table, [column.name for column in self._source.columns(table)]
        )
        total = self._source.count(table)
        with self._stage(
            "reading",
            notice("READING_ITEMS", "Reading items from {source}", source=self._source.description),
            total=total,
        ):
            return read_catalogue(
                self._source,
                self._profile,
                extra_columns=extra,
                on_rows=self._report.advance,
                batch_rows=self._options.load.batch_rows,
                mixed=True,
            )

    def _projector_columns(self) -> list[str]:
        """Columns of the Projector export; those that the item table does not have are left out with a word."""
        if not self._options.projector.enabled:
            return []
        schema = self._profile.plant
        known = schema.columns(FEATURES)
        wanted = self._options.projector.metadata_columns
        if wanted == ProjectorOptions().metadata_columns and not set(wanted[1:]) & known.keys():
            wanted = (ITEM_CODE, *filter(None, (schema.item.name, *schema.item.levels)))
        unknown = [name for name in wanted if name not in known]
        if unknown:
            self._report.note(f"{', '.join(unknown)} is no column of the item table: left out of the Projector export")
        return [name for name in wanted if name in known] or [ITEM_CODE]

    def _learn(self, catalogue: Catalogue) -> Learned:
        schema = self._profile.plant
        codes = ItemCodeIndex.of(catalogue.codes.to_pylist())
        routings = self._routings(codes)
        stage, taught = self._learn_from(catalogue, codes, routings)
        with self._stage("learning", notice("LEARNING_FEATURES", "Learning the features"), unit="rows"):
            encoder = self._encoder(catalogue, stage)
            statistics = feature_statistics(catalogue.columns, schema)
            times = None
            if self._options.times.enabled:
                times = operation_times(
                    self._source, self._profile, _profile_options(self._options), self._report.advance
                )
        with self._stage(
            "encoding",
            notice("ENCODING", "Encoding {items} items", items=len(catalogue)),
            total=len(catalogue),
            unit="items",
        ):
            vectors = encoder.transform(catalogue.columns, outputs=stage.outputs if stage is not None else None)
            self._report.advance(len(catalogue))
        families = families_of(catalogue, schema) if self._judging else {}
        return Learned(encoder, vectors, statistics, times, families, routings, stage, taught)

    def _encoder(self, catalogue: Catalogue, stage: LearnedStage | None) -> BlockEncoder:
        if self._shared is not None:
            return self._shared.with_stage(stage)
        weights, encode, embed = self._options.weights, self._options.encode, self._options.embed
        chosen = dict(weights.weights)
        if stage is not None and self._options.learn.feature_weights:
            chosen = learned_weights(stage.importance, weights.active, self._profile.plant) | chosen
        room = embed.dimensions - (stage.block.width if stage is not None else 0)
        layout = EncoderOptions(max(LEAST_DIMENSIONS, room), encode.weight_exponent, encode.least_text, embed.widest)
        encoder = BlockEncoder.fit(catalogue.columns, chosen, weights.active, layout, self._profile.plant)
        return encoder if stage is None else encoder.with_learned(stage.block, self._options.learn.share)

    def _compared(self, catalogue: Catalogue, learned: Learned, calibration: Calibration) -> Learned:
        """What is known with the choice among members; encoder and vectors are those of the chosen one."""
        options, taught = self._options.learn, learned.taught
        if not options.enabled or taught is None or self._shared is not None:
            return learned
        features = read_features(self._profile.plant, self._options.weights.active, catalogue.columns)
        threads = self._options.index.threads or os.cpu_count() or 1
        prediction = (self._judging or EvaluationOptions()).prediction
        with self._stage("learning", notice("COMPARING_METHODS", "Comparing methods on items that they have not seen")):
            consensus = held_out_consensus(
                learned.encoder,
                learned.vectors,
                learned.stage,
                taught.table,
                operation_names(taught),
                calibration,
                prediction,
                MOST_NEIGHBOURS,
            )
            choice = choose(catalogue.with_codes(), features, taught, consensus, options.seed, threads)
        if choice is None:
            return learned
        self._report.add_metrics({"method": choice.chosen})
        for feature, share in choice.leaks:
            self._report.note(
                f"{feature} alone tells the routing of {share:.1%} of the items, which the other features do not: if it is filled in only "
                "when a routing is planned, new items lack it. Switch it off in the blueprint then",
                feature=feature,
            )
        if choice.chosen == CONSENSUS:
            return replace(learned, choice=choice)
        with self._stage(
            "learning", notice("LEARNING_WHOLE_ROUTINGS", "Learning whole routings ({method})", method=choice.chosen)
        ):
            stage = planned_stage(
                catalogue.with_codes(),
                taught,
                choice,
                self._profile.plant,
                self._options.weights.active,
                options.directions,
                options.seed,
                threads,
            )
            encoder = self._encoder(catalogue, stage)
        with self._stage(
            "encoding",
            notice("ENCODING", "Encoding {items} items", items=len(catalogue)),
            total=len(catalogue),
            unit="items",
        ):
            vectors = encoder.transform(catalogue.columns, outputs=stage.outputs)
        return replace(learned, encoder=encoder, vectors=vectors, stage=stage, choice=choice)

    def _routings(self, codes: ItemCodeIndex) -> CurrentRoutings | None:
        """The items' current routings where learning or judging wants them; a source without a table of them is told and trained without.

        Raises:
            DataProblem: the table cannot be read, or a value in it does not fit: nothing could be predicted from it either.
        """
        if not self._options.learn.enabled and self._judging is None:
            return None
        with self._stage("learning", notice("READING_ROUTINGS", "Reading the routings of the items")):
            try:
                return read_current_routings(
                    self._source, self._profile, codes, results=True, on_rows=self._report.advance
                )
            except DataProblem as problem:
                if problem.reason != "TABLE_MISSING":
                    raise
                self._report.note(
                    f"The version learns nothing from routings and its predictions are not judged: {problem.message}"
                )
                return None

    def _learn_from(
        self, catalogue: Catalogue, codes: ItemCodeIndex, routings: CurrentRoutings | None
    ) -> tuple[LearnedStage | None, CurrentRoutings | None]:
        """The supervised stage, None when it is switched off or when there is too little to learn from; the routings it learned from."""
        options = self._options.learn
        if self._shared is not None:
            return self._shared.stage(catalogue, routings), routings
        if not options.enabled or routings is None:
            return None, routings
        boosting = BoostingOptions(
            iterations=options.iterations,
            leaves=options.leaves,
            learning_rate=options.learning_rate,
            most_rows=options.most_rows,
            threads=self._options.index.threads or os.cpu_count() or 1,
            seed=options.seed,
            cluster=read_settings().ray_address,
        )
        wanted = LearningOptions(options.operations, options.least_items, options.folds, options.directions, boosting)
        started = time.perf_counter()
        taught, counts = with_examples(routings, codes, self._examples)
        if taught is not routings:
            self._report.note(f"{int((counts != 1.0).sum()):,} routings that planners reviewed count more than others")
        with self._stage(
            "learning", notice("LEARNING_ROUTINGS", "Learning from routings how items are made"), unit="operations"
        ):
            stage = learn(
                catalogue.columns,
                taught,
                wanted,
                self._options.weights.active,
                None if taught is routings else counts,
                on_operation=self._report.advance,
                schema=self._profile.plant,
            )
        if stage is None:
            self._report.note(
                f"{routings.items_with_routing:,} items have a routing; nothing is learned from fewer than {FEWEST_ITEMS}, or from "
                "routings without a common operation: the version finds items by their features alone"
            )
            return None, taught
        self._report.add_metrics(
            {
                "supervised_seconds": round(time.perf_counter() - started, 2),
                "operations_learned": len(stage.block.model.operations),
                "practice_changed": round(stage.changed, 4),
            }
        )
        if stage.changed >= PRACTICE_CHANGED:
            self._report.note(
                f"{stage.changed:.1%} of what tells operations lies in when routings were entered: practices changed over the years. "
                "Predictions follow the newest routings of items alike",
                practice_changed=stage.changed,
            )
        return stage, taught

    def build(self, learned: Learned) -> tuple[Engine, list[RecallPoint], float]:
        """The index over the vectors, its recall curve, and the similarity below which a query is unlike the catalogue.

        Raises:
            PreconditionFailed: the engine is not installed.
        """
        options = self._options.index
        with self._stage(
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
                on_progress=lambda done, _total: self._report.advance(done),
            )
            if groups is not None:
                index = EqualItems(index, *groups[1:])
        with self._stage("measuring", notice("MEASURING", "Measuring recall and latency against exact search")):
            truth = exact_truth(learned.vectors)
            curve = measure(index, learned.vectors, truth=truth)
            best = max(point.recall for point in curve)
            if best < options.target_recall:
                self._report.note(
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
        with self._stage(
            "judging", notice("JUDGING", "Judging predictions of a sample against the items' own routings")
        ):
            codes = ItemCodeIndex.of(catalogue.codes.to_pylist())
            everyone = np.arange(len(codes), dtype=np.int64)
            right = own_routings(routings, sample(everyone, self._judging.items * 4, 2), learned.families)
            chances = KnownChances(learned.stage.outputs.probabilities) if learned.stage is not None else None
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
            found = evaluate(
                Evaluated(model, codes, routings, right, lambda rows: learned.vectors[rows]), self._judging
            )
        if found is None:
            self._report.note(
                "No item has a routing to judge predictions against: the version is written without evaluation"
            )
            return None
        if calibration.reached:
            named = dict(zip(("standard", "optimal", "safe"), calibration.reached, strict=True))
            found["summary"] = {**found["summary"], "ranges": named}
        if learned.choice is not None:
            found = {**found, "methods": learned.choice.document()}
            found["summary"] = {**found["summary"], **simplest_beaten(learned.choice)}
        self._report.add_metrics({"evaluation": found["summary"]})
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
        options = self._options.index
        check_space(save_dir.parent, len(catalogue), learned.encoder.dimension, options.m)
        with writing_version(save_dir) as folder:
            index, curve, unlike = self.build(learned)
            default = smallest_ef(curve, options.target_recall)
            calibration = self._calibrate(learned, index, default)
            compared = self._compared(catalogue, learned, calibration)
            catalogue.columns.clear()
            if compared.encoder is not learned.encoder:
                index, curve, unlike = self.build(compared)
                default = smallest_ef(curve, options.target_recall)
                calibration = self._calibrate(compared, index, default)
            learned = compared
            evaluation = self.judge(save_dir.name, catalogue, learned, index, default, calibration)
            with self._stage("writing", notice("WRITING", "Writing {version}", version=save_dir.name)):
                chosen = next(point for point in curve if point.ef_search == default)
                figures = {
                    **self._report.status.metrics,
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
                    projector=self._projector(catalogue),
                    projector_rows=self._options.projector.most_points or len(catalogue),
                    metadata=metadata,
                    trained_at=datetime.now(UTC),
                    calibration=calibration,
                    outputs=learned.stage.outputs if learned.stage is not None else None,
                    unrouted=learned.unrouted(),
                    schema=self._profile.plant,
                )
                manifest = write_version(folder, trained)
        self._report.add_metrics({**figures, **self.clock.figures()})
        return manifest

    def _calibrate(self, learned: Learned, index: Engine, ef_search: int) -> Calibration:
        """How neighbours and models are weighed together in this version."""
        if learned.stage is None or learned.routings is None:
            return Calibration()
        with self._stage(
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
                self._options.learn.seed,
            )

    def _projector(self, catalogue: Catalogue) -> dict[str, Sequence[object]] | None:
        """Columns that the export shows; None: no export."""
        codes: list[object] = catalogue.codes.to_pylist() if self._options.projector.enabled else []
        names = self._projector_columns()
        return {name: codes if name == ITEM_CODE else cells(catalogue.extra[name]) for name in names} or None

    @contextlib.contextmanager
    def _stage(self, stage: str, message: str, *, total: int = 0, unit: str = "rows") -> Iterator[None]:
        with self._report.stage(stage, message, total=total, unit=unit), self.clock.measuring(stage):
            yield


def with_tables(profile: InputProfile, options: PipelineOptions) -> InputProfile:
    """The input profile with the tables that the pipeline names instead, and without work results when it does not use them."""
    named: dict[str, str] = {**dict(profile.tables.items()), **options.load.tables}
    if not options.load.use_results:
        named[RESULTS] = ""
    return profile.model_copy(update={"tables": named})


def _profile_options(options: PipelineOptions) -> ProfileOptions:
    times = options.times
    return ProfileOptions(times.strategy, times.optimal_sigma, times.safe_sigma, times.trim_lower, times.trim_upper)
