"""The steps of a training that learn: operations from routings, the encoder, and which method predicts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from common.notices import notice
from common.settings import settings as read_settings
from routings.calibration import Calibration
from trained.encoder import LEAST_DIMENSIONS, BlockEncoder, EncoderOptions
from trained.index.engine import Vectors
from trained.item_codes import ItemCodeIndex
from trained.learned.feature_columns import read_features
from trainer.catalogue import Catalogue
from trainer.current_routings import CurrentRoutings
from trainer.evaluation import MOST_NEIGHBOURS, EvaluationOptions
from trainer.held_out_consensus import held_out_consensus
from trainer.learned_items import Learned
from trainer.learned_stage import FEWEST_ITEMS, LearnedStage, LearningOptions, learn, learned_weights
from trainer.operation_fitter import BoostingOptions
from trainer.planned_stage import CONSENSUS, Choice, choose, operation_names, planned_stage
from trainer.planner_examples import PlannerExample, with_examples
from trainer.routing_ages import PRACTICE_CHANGED
from trainer.training_work import TrainingWork


def learn_operations(
    work: TrainingWork,
    catalogue: Catalogue,
    codes: ItemCodeIndex,
    routings: CurrentRoutings | None,
    examples: Sequence[PlannerExample],
    judged: npt.NDArray[np.int64],
) -> tuple[LearnedStage | None, CurrentRoutings | None]:
    """The supervised stage, None when it is switched off or when there is too little to learn from; the routings it learned from.

    Args:
        examples: routings that planners stand behind; they are learned from in the place of the items' own.
        judged: positions of items that are asked about as if they were planned now, ascending.
    """
    options = work.options.learn
    if not options.enabled or routings is None:
        return None, routings
    boosting = BoostingOptions(
        iterations=options.iterations,
        leaves=options.leaves,
        learning_rate=options.learning_rate,
        most_rows=options.most_rows,
        threads=work.threads,
        seed=options.seed,
        cluster=read_settings().ray_address,
    )
    wanted = LearningOptions(options.operations, options.least_items, options.folds, options.directions, boosting)
    started = time.perf_counter()
    taught, counts = with_examples(routings, codes, examples)
    if taught is not routings:
        work.report.note(f"{int((counts != 1.0).sum()):,} routings that planners reviewed count more than others")
    with work.stage(
        "learning", notice("LEARNING_ROUTINGS", "Learning from routings how items are made"), unit="operations"
    ):
        stage = learn(
            catalogue.columns,
            taught,
            wanted,
            work.options.weights.active,
            None if taught is routings else counts,
            on_operation=work.report.advance,
            schema=work.profile.plant,
            now=judged,
        )
    if stage is None:
        work.report.note(
            f"{routings.items_with_routing:,} items have a routing; nothing is learned from fewer than {FEWEST_ITEMS}, or from "
            "routings without a common operation: the version finds items by their features alone"
        )
        return None, taught
    work.report.add_metrics(
        {
            "supervised_seconds": round(time.perf_counter() - started, 2),
            "operations_learned": len(stage.block.model.operations),
            "practice_changed": round(stage.changed, 4),
        }
    )
    if stage.changed >= PRACTICE_CHANGED:
        work.report.note(
            f"{stage.changed:.1%} of what tells operations lies in when routings were entered: practices changed over the years. "
            "Predictions follow the newest routings of items alike",
            practice_changed=stage.changed,
        )
    return stage, taught


def fit_encoder(work: TrainingWork, catalogue: Catalogue, stage: LearnedStage | None) -> BlockEncoder:
    """The encoder of the features, with what was learned beside them."""
    options = work.options
    weights, encode, embed = options.weights, options.encode, options.embed
    chosen = dict(weights.weights)
    if stage is not None and options.learn.feature_weights:
        chosen = learned_weights(stage.importance, weights.active, work.profile.plant) | chosen
    room = embed.dimensions - (stage.block.width if stage is not None else 0)
    layout = EncoderOptions(max(LEAST_DIMENSIONS, room), encode.weight_exponent, encode.least_text, embed.widest)
    encoder = BlockEncoder.fit(catalogue.columns, chosen, weights.active, layout, work.profile.plant)
    return encoder if stage is None else encoder.with_learned(stage.block, options.learn.share)


def encoded(work: TrainingWork, catalogue: Catalogue, encoder: BlockEncoder, stage: LearnedStage | None) -> Vectors:
    """Vectors of all items, float32 (items, dimension)."""
    count = len(catalogue)
    with work.stage("encoding", notice("ENCODING", "Encoding {items} items", items=count), total=count, unit="items"):
        vectors = encoder.transform(catalogue.columns, outputs=stage.outputs if stage is not None else None)
        work.report.advance(count)
    return vectors


def with_chosen_method(
    work: TrainingWork,
    catalogue: Catalogue,
    learned: Learned,
    calibration: Calibration,
    judging: EvaluationOptions | None,
) -> Learned:
    """What is known with the choice among members; encoder and vectors are those of the chosen one."""
    if not work.options.learn.enabled or learned.taught is None:
        return learned
    choice = _choice(work, catalogue, learned, learned.taught, calibration, judging)
    if choice is None:
        return learned
    work.report.add_metrics({"method": choice.chosen})
    for feature, share in choice.leaks:
        work.report.note(
            f"{feature} alone tells the routing of {share:.1%} of the items, which the other features do not: if it is filled in only "
            "when a routing is planned, new items lack it. Switch it off in the blueprint then",
            feature=feature,
        )
    if choice.chosen == CONSENSUS:
        return replace(learned, choice=choice)
    with work.stage(
        "learning", notice("LEARNING_WHOLE_ROUTINGS", "Learning whole routings ({method})", method=choice.chosen)
    ):
        stage = planned_stage(
            catalogue.with_codes(),
            learned.taught,
            choice,
            work.profile.plant,
            work.options.weights.active,
            work.options.learn.directions,
            work.options.learn.seed,
            work.threads,
        )
        encoder = fit_encoder(work, catalogue, stage)
    vectors = encoded(work, catalogue, encoder, stage)
    return replace(learned, encoder=encoder, vectors=vectors, stage=stage, choice=choice)


def _choice(
    work: TrainingWork,
    catalogue: Catalogue,
    learned: Learned,
    taught: CurrentRoutings,
    calibration: Calibration,
    judging: EvaluationOptions | None,
) -> Choice | None:
    features = read_features(work.profile.plant, work.options.weights.active, catalogue.columns)
    with work.stage("learning", notice("COMPARING_METHODS", "Comparing methods on items that they have not seen")):
        consensus = held_out_consensus(
            learned.encoder,
            learned.vectors,
            learned.stage,
            taught.table,
            operation_names(taught),
            calibration,
            (judging or EvaluationOptions()).prediction,
            MOST_NEIGHBOURS,
        )
        return choose(catalogue.with_codes(), features, taught, consensus, work.options.learn.seed, work.threads)
