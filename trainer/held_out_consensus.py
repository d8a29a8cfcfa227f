"""What boosted operations and neighbours say together of items that neither has seen: one of the members to choose from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from routings.calibration import Calibration
from routings.estimates import Estimates
from routings.operation_table import Neighbours, OperationTable
from routings.routing_prediction import Learned, PredictionOptions, predict_routings
from trained.encoder import BlockEncoder
from trained.index.engine import Vectors
from trained.index.engine_faiss import exact_nearest
from trainer.learned_stage import LearnedStage

Integers = npt.NDArray[np.int64]
Proposals = list[tuple[str, ...] | None]


def held_out_consensus(
    encoder: BlockEncoder,
    vectors: Vectors,
    stage: LearnedStage | None,
    table: OperationTable,
    names: list[str],
    calibration: Calibration,
    options: PredictionOptions,
    neighbours: int,
) -> Callable[[Integers, Integers], Proposals]:
    """Proposals for items given the fold of each: only items of other folds, and those of none, are their neighbours.

    Args:
        vectors: of all items, float32 (items, dimension).
        stage: what was learned from routings; None: nothing.
        names: key of each operation number.
        neighbours: most of them an item.
    """
    asking = replace(options, strategy="consensus", ignore_own=True, evidence=False)

    def propose(items: Integers, folds: Integers) -> Proposals:
        found: Proposals = [None] * len(items)
        routed = np.diff(table.offsets) > 0
        for fold in range(int(folds.max(initial=-1)) + 1):
            chosen = np.flatnonzero(folds == fold)
            seen = routed.copy()
            seen[items[chosen]] = False
            others = np.flatnonzero(seen)
            if not len(others):
                continue
            queries = np.ascontiguousarray(vectors[items[chosen]])
            similar, places = exact_nearest(
                np.ascontiguousarray(vectors[others]), queries, min(neighbours, len(others))
            )
            near = others[places.reshape(-1)]
            query = np.repeat(np.arange(len(chosen)), places.shape[1])
            known = Neighbours(
                np.arange(len(chosen) + 1) * places.shape[1],
                near,
                np.clip(similar.reshape(-1).astype(np.float64), 0.0, 1.0),
            )
            learned = None
            if stage is not None:
                learned = _learned(encoder, vectors, stage, items[chosen], (items[chosen][query], near), calibration)
            batch = predict_routings(table, items[chosen], known, asking, learned)
            for routing in np.flatnonzero(batch.rank == 1).tolist():
                rows = batch.rows[int(batch.offsets[routing]) : int(batch.offsets[routing + 1])]
                found[int(chosen[batch.query[routing]])] = tuple(
                    names[number] for number in table.operation[rows].tolist()
                )
        return found

    return propose


def _learned(
    encoder: BlockEncoder,
    vectors: Vectors,
    stage: LearnedStage,
    items: Integers,
    pairs: tuple[Integers, Integers],
    calibration: Calibration,
) -> Learned:
    model, outputs = stage.block.model, stage.outputs
    estimates = Estimates(
        operations=model.operations,
        probabilities=outputs.probabilities[items],
        factors=outputs.factors[items],
        neighbour_factors=outputs.factors[pairs[1]],
        size_differences=encoder.size_differences(vectors[pairs[0]], vectors[pairs[1]]),
        times=model.times,
        calibration=calibration,
    )
    return Learned(estimates, stage.operation_of)
